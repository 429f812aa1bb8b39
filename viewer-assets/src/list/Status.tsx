import { plural, t } from "../messages";
import { isFiltered } from "./filters";
import type { ListModel } from "./model";

/** How many studies there are, what happened last, and what has come meanwhile. */
export function Status({ model }: { model: ListModel }) {
  const total = model.pages.total.value;
  const isLate = model.state.value === "loading";
  const arrived = model.arrived.value;
  return (
    <div class="list-status">
      <p class={`list-count${isLate ? " is-late" : ""}`} role="status">
        {isLate ? t("list.loading") : model.notice.value || countLine(model, total)}
      </p>
      {isFiltered(model.filters.value) && total > 0 && (
        <button type="button" class="chip" onClick={() => model.clear()}>
          {t("list.filter.clear")}
        </button>
      )}
      <div aria-live="polite" class="arrived">
        {arrived > 0 && (
          <button type="button" class="chip chip-news" onClick={() => void model.showArrived()}>
            {plural("list.arrived", arrived)}
          </button>
        )}
      </div>
    </div>
  );
}

function countLine(model: ListModel, total: number): string {
  if (total === 0) return "";
  return plural(isFiltered(model.filters.value) ? "list.found" : "list.shown", total);
}
