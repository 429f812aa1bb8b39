import { useSignal } from "@preact/signals";
import { plural, t } from "../messages";
import type { Reader } from "../study/reader";
import { Icon, type IconName } from "../ui/Icon";
import { colour, copyValues, goTo, hide, remove } from "./actions";
import { COLOURS } from "./model";
import { colourClass } from "./FindingsList";
import type { Homes, Row } from "./rows";
import type { Selection } from "./selection";

interface ActionsProps {
  readonly reader: Reader;
  readonly rows: readonly Row[];
  readonly homes: Homes;
  readonly selection: Selection;
}

/** What can be done with the findings that are chosen. */
export function FindingActions({ reader, rows, homes, selection }: ActionsProps) {
  // On a phone colours take a line of their own, once they are asked for.
  const isChoosing = useSignal(false);
  const [first] = rows;
  if (!first) return null;
  const areHidden = rows.every(({ finding }) => finding.hidden);
  return (
    <div class="finding-actions" role="group" aria-label={t("findings.actions")}>
      <p class="finding-chosen">{plural("findings.selected", rows.length, { name: first.name })}</p>
      <Action
        name={t("findings.goTo")}
        icon="icon:locate"
        isOff={!first.home}
        onRun={() => void goTo(reader, first.finding)}
      />
      {rows.length === 1 && (
        <Action
          name={t("findings.rename")}
          icon="icon:pencil"
          onRun={() => {
            selection.renaming.value = first.finding.id;
          }}
        />
      )}
      <Action
        name={t(areHidden ? "findings.show" : "findings.hide")}
        icon={areHidden ? "icon:eye" : "icon:eye-off"}
        onRun={() => hide(reader, rows, !areHidden)}
      />
      <Action name={t("findings.copy")} icon="icon:copy" onRun={() => void copyValues(reader, rows, homes)} />
      <Action name={t("findings.remove")} icon="icon:trash-2" onRun={() => remove(reader, rows)} />
      <button
        type="button"
        class="plain finding-palette"
        aria-label={t("findings.colour.choose")}
        aria-expanded={isChoosing.value}
        onClick={() => {
          isChoosing.value = !isChoosing.value;
        }}
      >
        <Icon name="icon:palette" />
      </button>
      <div
        class={`finding-colours${isChoosing.value ? " is-open" : ""}`}
        role="group"
        aria-label={t("findings.colour.choose")}
      >
        {Array.from({ length: COLOURS }, (_, index) => (
          <button
            key={index}
            type="button"
            class={`plain finding-swatch ${colourClass(index)}`}
            aria-label={t(`findings.colour.${index as 0 | 1 | 2 | 3 | 4 | 5}`)}
            aria-pressed={rows.every(({ finding }) => finding.colour === index)}
            onClick={() => colour(reader, rows, index)}
          />
        ))}
      </div>
    </div>
  );
}

interface ActionProps {
  readonly name: string;
  readonly icon: IconName;
  readonly isOff?: boolean;
  readonly onRun: () => void;
}

function Action({ name, icon, isOff = false, onRun }: ActionProps) {
  return (
    <button type="button" class="plain" aria-label={name} title={name} disabled={isOff} onClick={onRun}>
      <Icon name={icon} />
    </button>
  );
}
