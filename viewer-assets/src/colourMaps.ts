/**
 * Colour maps for grey pictures, the very tables of the server: what is painted here and what comes from there have the
 * same pixels. They are fetched when somebody first wants colours.
 */
import type { ColourMapName } from "./address";

/** Names on offer, plain grey first. */
export const COLOUR_MAP_NAMES = [
  "grey",
  "inverse_grey",
  "hot_iron",
  "pet",
  "hot_metal_blue",
  "pet_20_step",
  "spring",
  "summer",
  "fall",
  "winter",
  "rainbow",
  "even",
] as const;

/** The colours of a map, by grey: 256 times red, green and blue. */
export async function colourMap(name: ColourMapName): Promise<Uint8Array> {
  const { default: tables } = await import("./colourMaps.json");
  return Uint8Array.from(atob(tables[name]), (letter) => letter.charCodeAt(0));
}
