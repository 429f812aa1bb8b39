/** One finding as lines, words and handles. */
import type { Point } from "../geometry";
import { t } from "../messages";
import { keysOnFinding } from "./pencilKeys";
import type { Pencil } from "./pencil";
import { LINE_HEIGHT, PADDING } from "./labelSize";
import type { Mark, ScreenLine } from "./marks";
import type { Label } from "./sights";

interface ShapeProps {
  readonly pencil: Pencil;
  readonly mark: Mark;
  /** What a screen reader says of it. */
  readonly name: string;
  readonly isSelected: boolean;
}

/** A finding that keys can reach: with the focus on it, arrows move it. */
export function Shape({ pencil, mark, name, isSelected }: ShapeProps) {
  const { finding } = mark;
  return (
    <g
      class={`finding finding-colour-${finding.colour}${isSelected ? " is-selected" : ""}`}
      tabindex={0}
      role="button"
      aria-pressed={isSelected}
      aria-label={name}
      data-finding={finding.id}
      data-tool={finding.tool}
      onFocus={() => pencil.select(finding.id)}
      onKeyDown={(event) => keysOnFinding(pencil, finding.id, null, event)}
    >
      <Lines mark={mark} />
    </g>
  );
}

/** The lines with their dark halo, and what has no line. */
export function Lines({ mark: { lines, handles, finding } }: { mark: Mark }) {
  return (
    <>
      {lines.map((line, index) => (
        <LinePath key={index} line={line} />
      ))}
      {finding.tool === "arrow" && <ArrowHead from={handles[1]} to={handles[0]} />}
      {finding.tool === "point" && handles[0] && <Cross at={handles[0]} />}
      {(finding.tool === "length" || finding.tool === "calibration") && (
        <Ticks a={handles[0]} b={handles[1]} />
      )}
    </>
  );
}

function LinePath({ line }: { line: ScreenLine }) {
  const d = pathOf(line);
  return (
    <>
      <path class="finding-halo" d={d} />
      <path class={line.isFaint ? "finding-line is-faint" : "finding-line"} d={d} />
    </>
  );
}

/** As SVG wants it; a tenth of a pixel is as fine as anybody sees. */
export function pathOf({ points, isClosed }: ScreenLine): string {
  const places = points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  return `M${places.join("L")}${isClosed ? "Z" : ""}`;
}

const HEAD = 11;
const TICK = 5;

/** Two strokes at the tip. */
export function headOf(from: Point, to: Point): ScreenLine | null {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length === 0) return null;
  const [x, y] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const side = (turn: number): Point => ({
    x: to.x - HEAD * (x - turn * y * 0.5),
    y: to.y - HEAD * (y + turn * x * 0.5),
  });
  return { points: [side(1), to, side(-1)], isClosed: false, isFaint: false };
}

/** Short strokes across both ends of a measured line. */
export function ticksOf(a: Point, b: Point): readonly ScreenLine[] {
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  if (length === 0) return [];
  const [x, y] = [(-(b.y - a.y) / length) * TICK, ((b.x - a.x) / length) * TICK];
  return [a, b].map((end) => ({
    points: [
      { x: end.x - x, y: end.y - y },
      { x: end.x + x, y: end.y + y },
    ],
    isClosed: false,
    isFaint: false,
  }));
}

/** A cross with an open middle, so that it hides nothing of what it marks. */
export function crossAt({ x, y }: Point): readonly ScreenLine[] {
  const [inner, outer] = [3, 9];
  const strokes = [
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ] as const;
  return strokes.map(([across, down]) => ({
    points: [
      { x: x + across * inner, y: y + down * inner },
      { x: x + across * outer, y: y + down * outer },
    ],
    isClosed: false,
    isFaint: false,
  }));
}

function ArrowHead({ from, to }: { from: Point | undefined; to: Point | undefined }) {
  const head = from && to && headOf(from, to);
  return head ? <LinePath line={head} /> : null;
}

function Ticks({ a, b }: { a: Point | undefined; b: Point | undefined }) {
  return <>{a && b && ticksOf(a, b).map((line, index) => <LinePath key={index} line={line} />)}</>;
}

export function Cross({ at }: { at: Point }) {
  return (
    <>
      {crossAt(at).map((line, index) => (
        <LinePath key={index} line={line} />
      ))}
    </>
  );
}

/** Words with the line that leads to them. */
export function LabelView({ label, colour, isSelected = false }: LabelProps) {
  const { x, y, width, height, lines, leader } = label;
  return (
    <g class={`finding-label finding-colour-${colour}${isSelected ? " is-selected" : ""}`} aria-hidden="true">
      {leader && (
        <line class="finding-leader" x1={leader[0].x} y1={leader[0].y} x2={leader[1].x} y2={leader[1].y} />
      )}
      <rect class="finding-ground" x={x} y={y} width={width} height={height} rx={3} />
      <text>
        {lines.map((line, index) => (
          <tspan key={index} x={x + PADDING} y={y + PADDING + LINE_HEIGHT * (index + 0.75)}>
            {line}
          </tspan>
        ))}
      </text>
    </g>
  );
}

interface LabelProps {
  readonly label: Label;
  readonly colour: number;
  readonly isSelected?: boolean;
}

/** Of the chosen finding. A finger means one within 22 pixels of its middle. */
export function Handles({ pencil, mark, name }: Omit<ShapeProps, "isSelected">) {
  const { finding, handles } = mark;
  return (
    <>
      {handles.map(({ x, y }, index) => (
        <g
          key={index}
          class={`finding-handle finding-colour-${finding.colour}`}
          tabindex={0}
          role="button"
          aria-label={t("draw.handle", { number: index + 1, count: handles.length, name })}
          onKeyDown={(event) => keysOnFinding(pencil, finding.id, index, event)}
        >
          <circle class="finding-reach" cx={x} cy={y} r={22} />
          <circle class="finding-knob" cx={x} cy={y} r={5} />
        </g>
      ))}
    </>
  );
}
