import { plural, t } from "../messages";
import { Icon } from "../ui/Icon";
import { Sheet } from "../ui/Sheet";
import { CodeForm } from "./CodeForm";
import type { Code } from "./data";
import type { OrdersModel } from "./model";

const NEW: Code = { sender: "", code: "", modality: "", stationAet: "", stationName: "", description: "" };

/** Which code means which modality: a table to edit, with what orders wait for above it. */
export function CodeMap({ model }: { model: OrdersModel }) {
  const answer = model.codes.value;
  if (!answer) return <p class="orders-loading quiet">{t("orders.loading")}</p>;
  const edited = model.edited.value;
  return (
    <>
      <p class="quiet orders-about">{t("orders.codes.about")}</p>
      {answer.waiting.length > 0 && (
        <ul class="held-list">
          {answer.waiting.map((one) => (
            <li key={`${one.sender} ${one.code}`} class="held-card waiting-card">
              <p class="held-reason">
                <Icon name="icon:triangle-alert" />
                <strong>
                  {one.code} {one.text}
                </strong>
                <span class="quiet">{plural("orders.codes.waiting", one.orders)}</span>
              </p>
              <button type="button" class="primary" onClick={() => model.map(one)}>
                {t("orders.map")}
              </button>
            </li>
          ))}
        </ul>
      )}
      <button type="button" class="orders-add" onClick={() => (model.edited.value = NEW)}>
        {t("orders.codes.add")}
      </button>
      {answer.codes.length > 0 && <Rows model={model} codes={answer.codes} />}
      {edited && (
        <Sheet title={t("orders.codes.edit")} kind="centre" onClose={() => (model.edited.value = null)}>
          <CodeForm
            model={model}
            row={edited}
            senders={[...new Set(answer.waiting.map((one) => one.sender))]}
          />
        </Sheet>
      )}
    </>
  );
}

function Rows({ model, codes }: { model: OrdersModel; codes: readonly Code[] }) {
  return (
    <table class="site-table orders-table">
      <thead>
        <tr>
          {(["code", "modality", "station", "description", "sender"] as const).map((column) => (
            <th key={column} scope="col">
              {t(`orders.codes.${column}`)}
            </th>
          ))}
          <th scope="col">
            <span class="sr-only">{t("orders.codes.actions")}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {codes.map((row) => (
          <tr key={`${row.sender} ${row.code}`}>
            <td>
              <strong>{row.code || t("orders.codes.allOthers")}</strong>
            </td>
            <td>
              <span class="tag">{row.modality}</span>
            </td>
            <td>{[row.stationAet, row.stationName].filter(Boolean).join(" · ") || t("orders.anyStation")}</td>
            <td>{row.description || <span class="quiet">{t("orders.codes.ofOrder")}</span>}</td>
            <td>{row.sender || <span class="quiet">{t("orders.codes.anySender")}</span>}</td>
            <td class="site-row-buttons">
              <button
                type="button"
                class="plain"
                aria-label={t("orders.codes.change", { code: row.code || t("orders.codes.allOthers") })}
                onClick={() => (model.edited.value = row)}
              >
                <Icon name="icon:pencil" />
              </button>
              <button
                type="button"
                class="plain"
                aria-label={t("orders.codes.remove", { code: row.code || t("orders.codes.allOthers") })}
                onClick={() => void model.remove(row)}
              >
                <Icon name="icon:trash-2" />
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
