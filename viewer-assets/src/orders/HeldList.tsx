import { useState } from "preact/hooks";
import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { Moment } from "../ui/Moment";
import type { Held } from "./data";
import type { OrdersModel } from "./model";

/** Messages that could not be read, each with the reason and what can be done. */
export function HeldList({ model }: { model: OrdersModel }) {
  const held = model.held.value;
  if (!held) return <p class="orders-loading quiet">{t("orders.loading")}</p>;
  if (held.length === 0) {
    return (
      <div class="empty">
        <Icon name="icon:badge-check" />
        <h2>{t("orders.held.none")}</h2>
        <p>{t("orders.held.noneText")}</p>
      </div>
    );
  }
  return (
    <ul class="held-list">
      {held.map((one) => (
        <HeldCard key={one.id} model={model} held={one} />
      ))}
    </ul>
  );
}

function HeldCard({ model, held }: { model: OrdersModel; held: Held }) {
  const [isBusy, setBusy] = useState(false);
  const run = async (work: Promise<void>): Promise<void> => {
    setBusy(true);
    await work;
    setBusy(false);
  };
  return (
    <li class="held-card">
      <p class="held-reason">
        <Icon name="icon:triangle-alert" />
        <strong>{held.reason}</strong>
      </p>
      <p class="quiet">
        {t(`orders.way.${held.source}`)} · {held.name} · <Moment text={held.received} />
      </p>
      <details>
        <summary>{t("orders.held.show")}</summary>
        <pre>{held.text || t("orders.held.noText")}</pre>
      </details>
      <div class="held-buttons">
        <button type="button" disabled={isBusy} onClick={() => void run(model.again(held))}>
          {t("action.retry")}
        </button>
        <button
          type="button"
          class="quiet-button"
          disabled={isBusy}
          onClick={() => void run(model.dismiss(held))}
        >
          {t("orders.held.dismiss")}
        </button>
      </div>
    </li>
  );
}
