/** What rows of launches and of links have in common. */
import type { ComponentChildren } from "preact";
import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { Moment } from "../ui/Moment";
import type { Ending } from "./data";
import { canEnd, nameOf, type AccessModel } from "./model";

const COLUMNS = ["who", "what", "since", "until", "state"] as const;

/** A table; on a phone, cards. */
export function Table({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <table class="site-table access-table" aria-label={name}>
      <thead>
        <tr>
          {COLUMNS.map((column) => (
            <th key={column} scope="col">
              {t(`access.column.${column}`)}
            </th>
          ))}
          <td />
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

/** Since when, and when somebody read last. */
export function Since({ began, lastUsed }: { began: string; lastUsed: string | null }) {
  return (
    <td>
      <Name column="since" />
      <Moment text={began} />
      <span class="quiet line">
        {lastUsed === null ? (
          t("access.unread")
        ) : (
          <>
            {t("access.lastRead")} <Moment text={lastUsed} />
          </>
        )}
      </span>
    </td>
  );
}

/** When it ends by itself. */
export function Until({ expires, children }: { expires: string; children?: ComponentChildren }) {
  return (
    <td>
      <Name column="until" />
      <Moment text={expires} />
      <span class="quiet line">{children}</span>
    </td>
  );
}

/** Of a cell, the name of its column: on a phone there are no columns. */
function Name({ column }: { column: (typeof COLUMNS)[number] }) {
  return <span class="quiet access-name">{t(`access.column.${column}`)} </span>;
}

export function State({ isOpen, word }: { isOpen: boolean; word: string }) {
  return (
    <td>
      <span class={`state ${isOpen ? "access-open" : ""}`}>
        <Icon name={isOpen ? "icon:eye" : "icon:eye-off"} />
        {word}
      </span>
    </td>
  );
}

/** The button that asks whether it is to be ended; an empty cell where it has ended. */
export function EndButton({ model, ending }: { model: AccessModel; ending: Ending }) {
  const name = nameOf(ending);
  return (
    <td class="site-row-buttons">
      {canEnd(ending) && (
        <button
          type="button"
          class="button-small"
          aria-label={t(`access.endOf.${ending.kind}`, { name })}
          onClick={() => (model.ending.value = ending)}
        >
          {t(`access.endShort.${ending.kind}`)}
        </button>
      )}
    </td>
  );
}
