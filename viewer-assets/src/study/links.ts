/** Which things viewports do together, as a value: part of the desk's state. */

/** `position`: to the same place in the patient where that is known; `offset`: as they stood when they were linked. */
export type ScrollLink = "off" | "position" | "offset";

export interface Links {
  readonly scroll: ScrollLink;
  /** Window and inversion, among series of one modality and unit. */
  readonly window: boolean;
  /** Zoom, shift and turn. */
  readonly place: boolean;
  /** Show where the slice of the active viewport cuts the others. */
  readonly lines: boolean;
}

/** As a desk begins. */
export const NO_LINKS: Links = { scroll: "off", window: false, place: false, lines: true };

/** What differs from {@link NO_LINKS}, as one word each; empty where nothing does. */
export function linksText({ scroll, window, place, lines }: Links): string {
  const words = [
    ...(scroll === "off" ? [] : [scroll]),
    ...(window ? ["window"] : []),
    ...(place ? ["zoom"] : []),
    ...(lines ? [] : ["plain"]),
  ];
  return words.join(",");
}

/** Read what {@link linksText} wrote; other words mean nothing. */
export function parseLinks(text: string | null): Links {
  const words = new Set((text ?? "").split(","));
  return {
    scroll: words.has("position") ? "position" : words.has("offset") ? "offset" : "off",
    window: words.has("window"),
    place: words.has("zoom"),
    lines: !words.has("plain"),
  };
}
