/** Findings in pictures that leave the page. */
import { loadFindings } from "../study/findingsCode";
import type { Reader } from "../study/reader";
import type { Viewport } from "../study/viewport";
import type { Surface } from "../findings/paint";
import type { Texts } from "./captions";

/** Draws the findings of what a viewport shows; returns how many there are. */
export type FindingsPainter = (
  context: CanvasRenderingContext2D,
  viewport: Viewport,
  surface: Omit<Surface, "isAnonymous">,
) => number;

/** None where nothing is to be written on the picture; without the reader's words where nobody is to be named. */
export async function findingsPainter(reader: Reader, texts: Texts): Promise<FindingsPainter> {
  const hasAny = reader.hasFindings.peek() || reader.reportFindings.peek().length > 0;
  if (texts === "none" || !hasAny) return () => 0;
  const { drawFindings } = await loadFindings();
  const isAnonymous = texts === "anonymous";
  return (context, viewport, surface) => drawFindings(context, reader, viewport, { ...surface, isAnonymous });
}
