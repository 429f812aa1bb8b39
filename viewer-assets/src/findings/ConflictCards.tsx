import { t } from "../messages";
import type { Reader } from "../study/reader";
import type { Choice, Keeper } from "./keep";
import type { Conflict } from "./outbox";
import { nameOf } from "./rows";
import { timeText } from "./times";

/** Findings that two people changed: who did what, and what is to stay. Nothing is lost while nobody decides. */
export function ConflictCards({ reader, keeper }: { reader: Reader; keeper: Keeper }) {
  return (
    <div role="status">
      {keeper.conflicts.value.map((conflict) => (
        <section key={conflict.id} class="finding-conflict">
          <h3>{t("findings.conflict.title", { name: titleOf(conflict) })}</h3>
          <p>{story(reader, conflict)}</p>
          <div class="row">
            {choicesOf(conflict).map((choice) => (
              <button key={choice} type="button" onClick={() => keeper.settle(conflict, choice)}>
                {t(choice === "both" ? "findings.conflict.keepBoth" : `findings.conflict.${choice}`)}
              </button>
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

/** Both can stay only where both left something. */
function choicesOf({ mine, theirs }: Conflict): readonly Choice[] {
  return mine && theirs ? ["mine", "theirs", "both"] : ["mine", "theirs"];
}

function titleOf({ mine, theirs }: Conflict): string {
  const finding = theirs ?? mine;
  return finding ? nameOf(finding) : "";
}

function story(reader: Reader, { mine, copy, theirs, author, changed }: Conflict): string {
  const kind = !theirs ? "removed" : mine ? "both" : "changed";
  const kept = copy === null ? undefined : reader.findings.all.value.get(copy);
  return t(`findings.conflict.${kind}`, {
    author,
    time: timeText(changed),
    copy: kept ? nameOf(kept) : "",
  });
}
