/** How much room words take. */
import type { Size } from "../geometry";

export const LINE_HEIGHT = 16;
export const PADDING = 4;
/** Where the browser cannot measure: a little wider than most letters are. */
const USUAL_WIDTH = 7;

const widths = new Map<string, number>();
let context: OffscreenCanvasRenderingContext2D | null | undefined;

/** Width and height of lines in CSS pixels, with the margin around them. */
export function labelSize(lines: readonly string[]): Size {
  const width = lines.reduce((most, line) => Math.max(most, widthOf(line)), 0);
  return { width: Math.ceil(width) + 2 * PADDING, height: lines.length * LINE_HEIGHT + 2 * PADDING };
}

function widthOf(line: string): number {
  const known = widths.get(line);
  if (known !== undefined) return known;
  if (widths.size > 2000) widths.clear();
  if (context === undefined)
    context = "OffscreenCanvas" in globalThis ? new OffscreenCanvas(1, 1).getContext("2d") : null;
  if (context) context.font = "600 12px system-ui, sans-serif";
  const width = context ? context.measureText(line).width : line.length * USUAL_WIDTH;
  widths.set(line, width);
  return width;
}
