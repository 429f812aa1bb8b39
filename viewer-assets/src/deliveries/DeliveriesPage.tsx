import { PageHead } from "../ehr/PageHead";
import { t } from "../messages";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import { Sheet } from "../ui/Sheet";
import { STATES, type State } from "./data";
import { DeliveryRow } from "./DeliveryRow";
import type { DeliveriesModel } from "./model";

/** The page: how many are in which state, and each report. */
export function DeliveriesPage({ model }: { model: DeliveriesModel }) {
  const { isOn, deliveries, more, counts } = model.list.value;
  const total = STATES.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  const closing = model.closing.value;
  return (
    <>
      <PageHead current="deliveries" user={model.data.user} />
      <main class="site-list">
        <h1>{t("deliveries.title")}</h1>
        {!isOn && <Off />}
        {isOn && total === 0 && <Empty />}
        {total > 0 && <Filter model={model} total={total} />}
        {model.problem.value && <p role="alert">{model.problem.value}</p>}
        {total > 0 && deliveries.length === 0 && <p class="notice">{t("deliveries.none.title")}</p>}
        <ul class="site-rows" aria-label={t("deliveries.list")}>
          {deliveries.map((delivery) => (
            <DeliveryRow key={delivery.id} model={model} delivery={delivery} />
          ))}
        </ul>
        {more && (
          <button type="button" class="site-more" onClick={() => model.more()}>
            {t("deliveries.more")}
          </button>
        )}
      </main>
      {closing && (
        <Sheet title={t("deliveries.closeTitle")} kind="centre" onClose={() => (model.closing.value = null)}>
          <p>{t("deliveries.closeText")}</p>
          <div class="dialog-buttons">
            <button type="button" onClick={() => (model.closing.value = null)}>
              {t("action.cancel")}
            </button>
            <button type="button" class="primary" onClick={() => model.close(closing)}>
              {t("deliveries.close")}
            </button>
          </div>
        </Sheet>
      )}
    </>
  );
}

function Filter({ model, total }: { model: DeliveriesModel; total: number }) {
  const { counts } = model.list.value;
  const chips: readonly [State | "", string, number][] = [
    ["", t("deliveries.all"), total],
    ...STATES.map((state): [State, string, number] => [
      state,
      t(`deliveries.state.${state}`),
      counts[state] ?? 0,
    ]),
  ];
  return (
    <fieldset class="site-filter" aria-label={t("deliveries.filter")}>
      {chips.map(([state, name, count]) => (
        <button
          key={state}
          type="button"
          class="chip"
          aria-pressed={model.filter.value === state}
          disabled={count === 0 && model.filter.value !== state}
          onClick={() => model.choose(state)}
        >
          {name} <span class="quiet">{count}</span>
        </button>
      ))}
    </fieldset>
  );
}

function Empty() {
  return (
    <div class="empty">
      <Icon name="icon:file-text" />
      <h2>{t("deliveries.empty.title")}</h2>
      <p>{t("deliveries.empty.text")}</p>
    </div>
  );
}

/** What to write where, so that reports are sent. */
function Off() {
  return (
    <div class="empty empty-wide">
      <Icon name="icon:file-text" />
      <h2>{t("deliveries.off.title")}</h2>
      <p>{t("deliveries.off.text")}</p>
      <pre class="site-code">
        <code>
          {'"Sightline": {\n  "Results": { "Transport": "folder", "Folder": "/srv/openemr/results" }\n}'}
        </code>
      </pre>
      <p>{t("deliveries.off.then")}</p>
      <a class="button" href={urlOf("sightline/setup")}>
        {t("deliveries.off.setup")}
      </a>
    </div>
  );
}
