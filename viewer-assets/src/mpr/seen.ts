/** What the server is asked for to show a body: a projection or a rendering, in one plane. */
import { numberText, type OtherOf } from "../address";
import type { PatientPlane } from "../linked/patientPlane";
import type { Stage, Wanted } from "../study/pictureAddress";
import type { RenderingLook } from "../study/rendering";
import { plus } from "../vectors";

/** Pixels in the patient. */
export type ImagePlane = Omit<PatientPlane, "frameOfReference" | "thickness">;

/** A body looked at along the normal of a plane; `stack` says of which volume, where a series holds several. */
export interface Seen {
  readonly plane: ImagePlane;
  readonly look: RenderingLook;
  readonly stack?: number;
}

/** Pixels along a side while it moves. */
const MOVING_PIXELS = 256;

/**
 * Few pixels quickly while the body moves, then as many as are of use, then every ray through the whole volume. The window
 * is asked for where it changes anything; loss is left out only where that is asked for.
 */
export function seenAt(seen: Seen, stage: Stage, useful: number, { window, invert, isLossless }: Wanted) {
  const { look, plane } = seen;
  const pixels =
    stage === "exact" ? plane.rows : Math.min(plane.rows, stage === "draft" ? MOVING_PIXELS : useful);
  const detail = stage === "exact" ? null : stage === "draft" ? "interactive" : "fitting";
  return {
    source: addressOf({ ...seen, plane: resized(plane, pixels) }, detail),
    window: look === "mip" || look === "mr" ? (window ?? undefined) : undefined,
    invert: look === "mip" && invert,
    ...(stage === "exact" && isLossless && { format: "png" as const }),
  };
}

/** As the address has it; `detail` is null for the truest. */
export function addressOf({ plane, look, stack }: Seen, detail: "fitting" | "interactive" | null): OtherOf {
  const isProjection = look === "mip";
  return {
    at: `${isProjection ? "projection" : "rendering"}/${planeText(plane)}`,
    settings: [
      ...(isProjection || look === "bone" ? [] : [`preset=${look}`]),
      ...(isProjection || detail === null ? [] : [`detail=${detail}`]),
      ...(stack ? [`stack=${stack}`] : []),
    ],
  };
}

/** Origin, directions, spacing, rows and columns, to a millionth. */
export function planeText({
  origin,
  columnDirection,
  rowDirection,
  spacing,
  rows,
  columns,
}: ImagePlane): string {
  const numbers = [...origin, ...columnDirection, ...rowDirection, ...spacing];
  return [...numbers.map((value) => numberText(Math.round(value * 1e6) / 1e6)), rows, columns].join(",");
}

/** The same square of the patient in `pixels` by `pixels`. */
export function resized(plane: ImagePlane, pixels: number): ImagePlane {
  const [was] = plane.spacing;
  const spacing = (was * plane.rows) / pixels;
  const inwards = (spacing - was) / 2;
  const origin = plus(plus(plane.origin, plane.columnDirection, inwards), plane.rowDirection, inwards);
  return { ...plane, origin, spacing: [spacing, spacing], rows: pixels, columns: pixels };
}
