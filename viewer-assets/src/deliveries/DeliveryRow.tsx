import { personName } from "../format";
import { t, type MessageKey } from "../messages";
import { urlOf } from "../page";
import { Icon, type IconName } from "../ui/Icon";
import type { Delivery, State } from "./data";
import type { DeliveriesModel } from "./model";

const ICONS: Readonly<Record<State, IconName>> = {
  queued: "icon:history",
  waiting: "icon:file-text",
  delivered: "icon:badge-check",
  failed: "icon:wifi-off",
  held: "icon:triangle-alert",
};

interface RowProps {
  readonly model: DeliveriesModel;
  readonly delivery: Delivery;
}

/** One report: whose, which version, where it is, why, and what can be done. */
export function DeliveryRow({ model, delivery }: RowProps) {
  const { state, study, version } = delivery;
  const name = personName(delivery.patientName ?? "") || t("deliveries.noName");
  const which = version === 1 ? t("deliveries.report") : t("deliveries.addendum", { version });
  return (
    <li class={`site-row delivery-${state}`}>
      <p class="site-state">
        <Icon name={ICONS[state]} />
        {t(`deliveries.state.${state}`)}
      </p>
      <div class="site-what">
        <a href={urlOf(`sightline/studies/${study}`)} aria-label={t("deliveries.openStudy", { name })}>
          {name}
        </a>
        <span class="quiet">{[delivery.patientId, delivery.accession].filter(Boolean).join(" · ")}</span>
        <span>{delivery.title ?? t("deliveries.unknown")}</span>
        <span class="quiet">
          {delivery.signed === undefined
            ? which
            : `${which}, ${t("deliveries.signed", { author: delivery.author ?? "", time: when(delivery.signed) })}`}
        </span>
      </div>
      <Why delivery={delivery} />
      {state !== "delivered" && (
        <div class="site-actions">
          <button
            type="button"
            aria-label={t(state === "waiting" ? "deliveries.againOf" : "deliveries.retryOf", { name })}
            onClick={() => model.retry(delivery)}
          >
            {t(state === "waiting" ? "deliveries.again" : "deliveries.retry")}
          </button>
          <button
            type="button"
            class="quiet-button"
            aria-label={t("deliveries.closeOf", { name })}
            onClick={() => (model.closing.value = delivery)}
          >
            {t("deliveries.close")}
          </button>
        </div>
      )}
    </li>
  );
}

function Why({ delivery: { state, reason, detail, tried, nextTry } }: { delivery: Delivery }) {
  const times = [
    tried === null ? "" : t("deliveries.tried", { time: when(tried) }),
    state === "failed" && nextTry !== null ? t("deliveries.next", { time: when(nextTry) }) : "",
  ];
  return (
    <div class="site-why">
      {reason !== "" && reason !== "elsewhere" && <p>{t(`deliveries.reason.${reason}` as MessageKey)}</p>}
      {reason === "elsewhere" && <p>{t("deliveries.elsewhereText")}</p>}
      {state === "waiting" && reason === "" && <p>{t("deliveries.waitingText")}</p>}
      {detail && <p class="quiet">{t("deliveries.said", { detail })}</p>}
      <p class="quiet">{times.filter(Boolean).join(" · ")}</p>
    </div>
  );
}

function when(moment: string): string {
  return new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
