import { t } from "../messages";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import type { TimelineModel } from "./model";

/** What is chosen to be read side by side; `path` is null until two are. */
export function CompareBar({ model, path }: { model: TimelineModel; path: string | null }) {
  return (
    <aside class="compare-bar" aria-label={t("timeline.compareTitle")}>
      <p role="status">{t(path === null ? "timeline.compareOne" : "timeline.compareTwo")}</p>
      <button type="button" class="quiet-button" onClick={() => (model.chosen.value = [])}>
        {t("timeline.compareClear")}
      </button>
      {path !== null && (
        <a class="button primary" href={urlOf(path)}>
          <Icon name="icon:columns-2" />
          {t("timeline.compareOpen")}
        </a>
      )}
    </aside>
  );
}
