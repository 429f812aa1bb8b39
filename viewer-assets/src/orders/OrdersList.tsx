import { fullDate, personName } from "../format";
import { t, type MessageKey } from "../messages";
import { urlOf } from "../page";
import { Icon, type IconName } from "../ui/Icon";
import { Moment } from "../ui/Moment";
import type { Order, OrderStudy } from "./data";
import type { OrdersModel } from "./model";

/** Orders as a table; on a phone as cards. */
export function OrdersList({ model }: { model: OrdersModel }) {
  const orders = model.orders.value;
  if (!orders) return <p class="orders-loading quiet">{t("orders.loading")}</p>;
  if (orders.length === 0) return <NoOrders model={model} />;
  return (
    <>
      <table class="site-table orders-table">
        <thead>
          <tr>
            {(["patient", "procedure", "where", "when", "state"] as const).map((column) => (
              <th key={column} scope="col">
                {t(`orders.column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <OrderRow key={order.accessionNumber} model={model} order={order} />
          ))}
        </tbody>
      </table>
      {model.more.value && <p class="quiet orders-more">{t("orders.more", { count: orders.length })}</p>}
    </>
  );
}

function OrderRow({ model, order }: { model: OrdersModel; order: Order }) {
  return (
    <tr>
      <td>
        <strong>{personName(order.patientName) || t("list.noName")}</strong>
        <span class="quiet line">
          {[order.patientId, fullDate(order.birthDate), order.sex].filter(Boolean).join(" · ")}
        </span>
      </td>
      <td>
        {order.description}
        <span class="quiet line">
          {[`${t("orders.accession")} ${order.accessionNumber}`, order.code, personName(order.requester)]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </td>
      <td>
        {order.modality ? (
          <>
            <span class="tag">{order.modality}</span>{" "}
            <span class="quiet">{order.stationAet || t("orders.anyStation")}</span>
          </>
        ) : order.status === "scheduled" ? (
          <button type="button" class="button-small" onClick={() => model.map(order)}>
            {t("orders.map")}
          </button>
        ) : (
          "—"
        )}
      </td>
      <td>
        <Moment text={order.scheduled ?? order.received} />
        <span class="quiet line">
          {order.priority !== "ROUTINE" && <strong class="orders-priority">{order.priority} </strong>}
          {order.scheduled ? t("orders.scheduledFor") : t("orders.receivedAt")}
        </span>
      </td>
      <td>
        <State order={order} />
        {order.studies.map((study) => (
          <StudyLink key={study.uid} study={study} />
        ))}
      </td>
    </tr>
  );
}

const ICONS: Readonly<Record<string, IconName>> = {
  completed: "icon:badge-check",
  cancelled: "icon:x",
  scheduled: "icon:clipboard-list",
  "needs-modality": "icon:triangle-alert",
};

function State({ order }: { order: Order }) {
  const state = order.status === "scheduled" && !order.modality ? "needs-modality" : order.status;
  return (
    <span class={`state orders-state-${state}`}>
      <Icon name={ICONS[state] ?? "icon:circle"} />
      {t(`orders.state.${state}` as MessageKey)}
    </span>
  );
}

function StudyLink({ study }: { study: OrderStudy }) {
  const link = (
    <a href={urlOf(`sightline/studies/${study.uid}`)}>
      {t(study.problem ? "orders.openOther" : "orders.open")}
    </a>
  );
  if (!study.problem) return <span class="line">{link}</span>;
  return (
    <span class="line orders-misfit">
      {t("orders.misfit", { reason: t(`orders.problem.${study.problem}`) })} {link}
    </span>
  );
}

function NoOrders({ model }: { model: OrdersModel }) {
  if (model.text.value || model.tab.value) {
    return (
      <div class="empty">
        <Icon name="icon:search" />
        <h2>{t("orders.none.title")}</h2>
        <p>{t(model.text.value ? "orders.none.text" : "orders.none.state")}</p>
      </div>
    );
  }
  return (
    <div class="empty">
      <Icon name="icon:clipboard-list" />
      <h2>{t("orders.empty.title")}</h2>
      <p>{t(model.data.ways.length ? "orders.empty.text" : "orders.empty.off")}</p>
      <ul class="orders-ways">
        {model.data.ways.map((way) => (
          <li key={way} class="tag">
            {t(`orders.way.${way}`)}
          </li>
        ))}
      </ul>
    </div>
  );
}
