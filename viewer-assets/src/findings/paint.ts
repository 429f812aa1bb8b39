/** Findings on a canvas, for pictures that leave the page: as on the screen, without handles. */
import type { Pose, Size } from "../geometry";
import type { Reader } from "../study/reader";
import type { Viewport } from "../study/viewport";
import { LINE_HEIGHT, PADDING } from "./labelSize";
import { markOf, type Mark, type ScreenLine } from "./marks";
import { isSamePlace, type Finding } from "./model";
import { pencilOf } from "./pencil";
import { crossAt, headOf, ticksOf } from "./Shape";
import { labelsOf, placeOf, type Label } from "./sights";
import { regionStatistics } from "./statistics";
import { linesOf } from "./words";

/** Where the image lies on the canvas; lengths are in units that `scale` canvas pixels make one of. */
export interface Surface {
  readonly pose: Pose;
  readonly size: Size;
  readonly scale: number;
  /** Without what the reader wrote, which may name the patient. */
  readonly isAnonymous: boolean;
}

/** Draw the findings of what a viewport shows; returns how many there are. */
export function drawFindings(
  context: CanvasRenderingContext2D,
  reader: Reader,
  viewport: Viewport,
  { pose, size, scale, isAnonymous }: Surface,
): number {
  const where = placeOf(viewport);
  const place = viewport.shown.peek()?.place;
  if (!where || !place) return 0;
  const own = [...reader.findings.all.peek().values()];
  const here = [...own, ...reader.reportFindings.peek()].filter(
    (one) => !one.hidden && isSamePlace(one, where),
  );
  const findings = isAnonymous ? here.flatMap(withoutWords) : here;
  const marks = findings.map((finding) => markOf(finding, place.geometry, pose));
  const pencil = pencilOf(reader);
  const calibrations = own.filter((one) => one.tool === "calibration" && one.instance === where.instance);
  // Where the picture is that of the screen, its texts stand where they stand there.
  const taken = size === viewport.size.peek() ? pencil.sightOf(viewport).taken.peek() : [];
  const labels = labelsOf(marks, size, taken, pencil.shifts.peek(), (finding) =>
    linesOf(finding, { place, calibrations, values: regionStatistics.known(finding, place) }),
  );
  context.save();
  context.scale(scale, scale);
  for (const mark of marks) drawMark(context, mark, colourOf(mark.finding.colour));
  for (const mark of marks) {
    const label = labels.get(mark.finding.id);
    if (label) drawLabel(context, label, colourOf(mark.finding.colour));
  }
  context.restore();
  return marks.length;
}

function withoutWords(finding: Finding): readonly Finding[] {
  return finding.tool === "text" ? [] : [{ ...finding, label: "" }];
}

/** The token of the style sheet. */
function colourOf(colour: number): string {
  const name = `--finding${colour === 0 ? "" : `-${colour + 1}`}`;
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#ffd166";
}

function drawMark(context: CanvasRenderingContext2D, mark: Mark, colour: string): void {
  for (const line of strokesOf(mark)) {
    trace(context, line);
    context.lineJoin = "round";
    context.lineCap = "round";
    context.strokeStyle = "rgb(0 0 0 / 70%)";
    context.lineWidth = 3.5;
    context.stroke();
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.setLineDash(line.isFaint ? [4, 4] : []);
    context.stroke();
    context.setLineDash([]);
  }
}

function strokesOf({ lines, handles: [a, b], finding: { tool } }: Mark): readonly ScreenLine[] {
  if (tool === "point" && a) return crossAt(a);
  if (!a || !b) return lines;
  const head = tool === "arrow" ? headOf(b, a) : null;
  const ticks = tool === "length" || tool === "calibration" ? ticksOf(a, b) : [];
  return [...lines, ...ticks, ...(head ? [head] : [])];
}

function trace(context: CanvasRenderingContext2D, { points, isClosed }: ScreenLine): void {
  context.beginPath();
  points.forEach(({ x, y }, index) => (index === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  if (isClosed) context.closePath();
}

function drawLabel(context: CanvasRenderingContext2D, label: Label, colour: string): void {
  const { x, y, width, height, lines, leader } = label;
  if (leader) {
    trace(context, { points: leader, isClosed: false, isFaint: false });
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.stroke();
  }
  context.fillStyle = "rgb(0 0 0 / 62%)";
  context.fillRect(x, y, width, height);
  context.fillStyle = colour;
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  lines.forEach((line, index) =>
    context.fillText(line, x + PADDING, y + PADDING + LINE_HEIGHT * (index + 0.75)),
  );
}
