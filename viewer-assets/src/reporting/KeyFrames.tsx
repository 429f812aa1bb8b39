import { viewPath } from "../address";
import { findFrame, goToFrame } from "../keyImages/jump";
import { t } from "../messages";
import { tileName } from "../study/Panes";
import type { Reader } from "../study/reader";
import { Icon } from "../ui/Icon";
import { Thumb } from "../ui/Thumb";
import type { KeyFrame } from "./model";

const THUMBNAIL_SIZE = 160;

interface Props {
  readonly reader: Reader;
  readonly frames: readonly KeyFrame[];
  readonly onRemove?: (frame: KeyFrame) => void;
}

/** The report's images, each a way to it. */
export function KeyFrames({ reader, frames, onRemove }: Props) {
  if (frames.length === 0) return null;
  return (
    <ul class="report-frames" aria-label={t("reporting.keyImages")}>
      {frames.map((frame) => {
        const name = nameOf(reader, frame);
        const { series, instance } = frame;
        const source = { instance, frame: frame.frame };
        const path = viewPath({ study: reader.study.uid, series, source, size: THUMBNAIL_SIZE });
        return (
          <li key={`${instance}/${frame.frame}`}>
            <button
              type="button"
              class="key-picture"
              aria-label={t("starred.goTo", { name })}
              onClick={() => goToFrame(reader, frame)}
            >
              <Thumb path={path} />
            </button>
            <span class="quiet">{name}</span>
            {onRemove && (
              <button
                type="button"
                class="plain"
                aria-label={t("reporting.removeImage", { name })}
                onClick={() => onRemove(frame)}
              >
                <Icon name="icon:x" />
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}

function nameOf(reader: Reader, frame: KeyFrame): string {
  const found = findFrame(reader.tiles.value, frame);
  return found
    ? t("starred.image", { series: tileName(found.tile), number: found.slice + 1 })
    : t("starred.elsewhere");
}
