import { t } from "../messages";
import type { Viewport } from "../study/viewport";
import { cubeFaces } from "./cube";

/** How the patient lies to the reader; nothing where that is not known. */
export function OrientationCube({ viewport }: { viewport: Viewport }) {
  const orientation = viewport.shown.value?.place.orientation;
  if (!orientation) return null;
  const faces = cubeFaces(orientation, viewport.placement.value.turn);
  return (
    <svg class="cube optional" viewBox="-1.1 -1.1 2.2 2.2" role="img" aria-label={t("cube.label")}>
      {faces.map(({ letter, corners, middle, facing }) => (
        <g key={letter}>
          <polygon points={corners.map((corner) => corner.join(",")).join(" ")} />
          {facing > 0.25 && (
            <text x={middle[0]} y={middle[1]} font-size={0.2 + 0.5 * facing}>
              {letter}
            </text>
          )}
        </g>
      ))}
    </svg>
  );
}
