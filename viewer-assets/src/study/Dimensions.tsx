import { t } from "../messages";
import type { Reading } from "./reading";
import { coordinatesOf } from "./tiles";

interface DimensionsProps {
  readonly reading: Reading;
  readonly onActivate: () => void;
}

/** Sliders for what a stack is leafed through in beside its slices: time, echo, b-value. */
export function Dimensions({ reading, onActivate }: DimensionsProps) {
  const { tile } = reading;
  const coordinates = coordinatesOf(tile);
  return (
    <div class="dimensions">
      {tile.grid?.dimensions.map(({ kind, labels }, dimension) => {
        const at = coordinates[dimension] ?? 0;
        const name = t(`dimension.${kind}`);
        return (
          <label key={kind} class="dimension">
            <span class="dimension-name">{name}</span>
            <input
              type="range"
              min={1}
              max={labels.length}
              step={1}
              value={at + 1}
              aria-valuetext={labels[at]}
              onFocus={onActivate}
              onInput={(event) => reading.goAlong(dimension, event.currentTarget.valueAsNumber - 1)}
            />
            <output>{labels[at]}</output>
          </label>
        );
      })}
    </div>
  );
}
