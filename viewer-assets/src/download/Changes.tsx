import { plural, t } from "../messages";
import type { Action, Change } from "./data";

const ORDER: readonly Action[] = ["removed", "emptied", "replaced", "added", "kept"];

/** What becomes of each attribute of one file of a series. */
export function Changes({ name, changes }: { name: string; changes: readonly Change[] }) {
  const counts = ORDER.map((action) => [action, changes.filter((change) => change[2] === action)] as const);
  const sorted = counts.flatMap(([, some]) => some);
  return (
    <details class="changes">
      <summary>
        <strong>{name}</strong>
        <span class="quiet">
          {counts
            .filter(([, some]) => some.length > 0)
            .map(([action, some]) => plural(`download.count.${action}`, some.length))
            .join(" · ")}
        </span>
      </summary>
      <div
        class="changes-table"
        ref={(box) => box?.setAttribute("tabindex", "0")}
        role="group"
        aria-label={name}
      >
        <table>
          <thead>
            <tr>
              {(["tag", "name", "action", "before", "after"] as const).map((column) => (
                <th key={column} scope="col">
                  {t(`download.column.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map(([tag, attribute, action, before, after]) => (
              <tr key={tag} class={`change change-${action}`}>
                <td>
                  <code>{tag}</code>
                </td>
                <td>{attribute}</td>
                <td class="change-action">{t(`download.action.${action}`)}</td>
                <td>{before}</td>
                <td>{action === "kept" ? "" : after}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
