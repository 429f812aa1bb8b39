import { PageHead } from "../ehr/PageHead";
import { t, type MessageKey } from "../messages";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import { CodeMap } from "./CodeMap";
import type { Tab } from "./data";
import { HeldList } from "./HeldList";
import type { OrdersModel } from "./model";
import { OrdersList } from "./OrdersList";

/** The page: tabs with how much is in each, the search field, and what the tab shows. */
export function OrdersPage({ model }: { model: OrdersModel }) {
  const tab = model.tab.value;
  return (
    <>
      <PageHead current="orders" user={model.data.user} />
      <main class="list orders">
        <h1>{t("orders.title")}</h1>
        {model.data.ways.length === 0 && <NotConnected />}
        <div class="filters orders-tabs">
          <fieldset>
            <legend class="sr-only">{t("orders.tabs")}</legend>
            <TabButton model={model} tab="" />
            <TabButton model={model} tab="scheduled" />
            <TabButton model={model} tab="needs-modality" isWanting />
            <TabButton model={model} tab="completed" />
            <TabButton model={model} tab="cancelled" />
          </fieldset>
          <fieldset>
            <legend class="sr-only">{t("orders.tabs.more")}</legend>
            <TabButton model={model} tab="held" isWanting />
            <TabButton model={model} tab="codes" />
          </fieldset>
        </div>
        {model.problem.value && (
          <p class="orders-problem" role="alert">
            <Icon name="icon:wifi-off" />
            {model.problem.value}
          </p>
        )}
        <p class="orders-notice" role="status">
          {model.notice.value}
        </p>
        {tab === "held" ? (
          <HeldList model={model} />
        ) : tab === "codes" ? (
          <CodeMap model={model} />
        ) : (
          <>
            <SearchField model={model} />
            <OrdersList model={model} />
          </>
        )}
      </main>
    </>
  );
}

interface TabButtonProps {
  readonly model: OrdersModel;
  readonly tab: Tab;
  /** Whether somebody has to do something about what is in it. */
  readonly isWanting?: boolean;
}

function TabButton({ model, tab, isWanting = false }: TabButtonProps) {
  const count = tab && tab !== "codes" ? model.counts.value[tab] : 0;
  return (
    <button
      type="button"
      class={`chip${isWanting && count > 0 ? " chip-wanting" : ""}`}
      aria-pressed={model.tab.value === tab}
      onClick={() => model.show(tab)}
    >
      {t(`orders.tab.${tab || "all"}` as MessageKey)}
      {count > 0 && <span class="chip-count">{count}</span>}
    </button>
  );
}

function SearchField({ model }: { model: OrdersModel }) {
  return (
    <div class="search orders-search" role="search">
      <Icon name="icon:search" />
      <input
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder={t("orders.search")}
        aria-label={t("orders.search")}
        value={model.text.value}
        onInput={(event) => model.search(event.currentTarget.value)}
      />
    </div>
  );
}

/** Nothing is set up: says what to do. */
function NotConnected() {
  return (
    <div class="orders-hint">
      <Icon name="icon:triangle-alert" />
      <p>
        <strong>{t("orders.off.title")}</strong> {t("orders.off.text")}{" "}
        <a href={urlOf("sightline/setup")}>{t("orders.off.link")}</a>
      </p>
    </div>
  );
}
