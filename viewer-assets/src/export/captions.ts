/** The texts of a viewport, as they stand on the screen, corner by corner. */

export type Corner = "top-left" | "top-right" | "bottom-left" | "bottom-right";

/** What of the texts goes into a picture. */
export type Texts = "all" | "anonymous" | "none";

export interface Captions {
  readonly corners: Readonly<Record<Corner, readonly string[]>>;
  /** Left, right, top, bottom. */
  readonly edges: readonly [string, string, string, string];
  /** The scale bar's length in CSS pixels; 0 where there is none. */
  readonly scaleBar: number;
}

const CORNERS: readonly Corner[] = ["top-left", "top-right", "bottom-left", "bottom-right"];
const EDGES = ["left", "right", "top", "bottom"] as const;

/** Read what is visible. The patient is told in the upper left corner alone: without names, it stays empty. */
export function captionsOf(picture: Element, texts: Texts): Captions {
  const lines = (corner: Corner): string[] => {
    if (texts === "none" || (texts === "anonymous" && corner === "top-left")) return [];
    const found = picture.querySelectorAll<HTMLElement>(`.corner-${corner} p`);
    return [...found].filter(isVisible).map((line) => line.textContent?.trim() ?? "");
  };
  const [topLeft, topRight, bottomLeft, bottomRight] = CORNERS.map(lines);
  const edge = (name: string): string =>
    texts === "none" ? "" : (picture.querySelector(`.edge-${name}`)?.textContent ?? "");
  const [left, right, top, bottom] = EDGES.map(edge);
  const bar = texts === "none" ? null : picture.querySelector<HTMLElement>(".scale-bar");
  return {
    corners: {
      "top-left": topLeft ?? [],
      "top-right": topRight ?? [],
      "bottom-left": bottomLeft ?? [],
      "bottom-right": bottomRight ?? [],
    },
    edges: [left ?? "", right ?? "", top ?? "", bottom ?? ""],
    scaleBar: bar?.offsetWidth ?? 0,
  };
}

function isVisible(element: HTMLElement): boolean {
  return element.offsetWidth > 0 && element.textContent !== "";
}
