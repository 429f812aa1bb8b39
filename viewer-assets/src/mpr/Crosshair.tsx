import { crossLines } from "./crossLines";
import type { LinkedPlanes, PlaneView } from "./planes";

/** The middle stays open so that nothing is hidden. */
const GAP = 14;

interface CrosshairProps {
  readonly planes: LinkedPlanes;
  readonly view: PlaneView;
  /** Whether the lines can be turned now. */
  readonly hasHandles: boolean;
}

/** A line for each of the other planes where it cuts this one. */
export function Crosshair({ planes, view, hasHandles }: CrosshairProps) {
  const { viewport } = view;
  const { width, height } = viewport.size.value;
  const pose = viewport.pose(viewport.shown.value?.place);
  if (!pose) return null;
  const { centre, directions, handles } = crossLines(
    view.grid.value,
    planes.othersOf(view),
    planes.crosshair.value,
    pose,
  );
  const [left, top] = [Math.max(0, pose.x), Math.max(0, pose.y)];
  const [right, bottom] = [Math.min(width, pose.x + pose.width), Math.min(height, pose.y + pose.height)];
  const far = width + height;
  const at = (x: number, y: number, by: number): string =>
    `${centre.x - left + x * by} ${centre.y - top + y * by}`;
  const path = directions
    .flatMap(({ x, y }) => [GAP, -GAP].map((gap) => `M${at(x, y, gap)}L${at(x, y, Math.sign(gap) * far)}`))
    .join("");
  return (
    <svg class="crosshair" aria-hidden="true" width={width} height={height}>
      <svg x={left} y={top} width={Math.max(0, right - left)} height={Math.max(0, bottom - top)}>
        <path d={path} />
        {hasHandles &&
          handles.map(({ x, y }, index) => <circle key={index} cx={x - left} cy={y - top} r={5} />)}
      </svg>
    </svg>
  );
}
