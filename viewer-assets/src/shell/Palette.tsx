import { useMemo, useRef, useState } from "preact/hooks";
import { plural, t } from "../messages";
import type { PanelProps } from "../study/panels";
import { Icon } from "../ui/Icon";
import { Sheet } from "../ui/Sheet";
import { allChoices, matching, type Choice } from "./choices";

/** Everything that can be done here, found by a few letters. */
export function Palette({ reader, close }: PanelProps) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const choices = allChoices(reader);
  const found = useMemo(() => matching(choices, query), [choices, query]);
  const chosen = Math.min(at, Math.max(0, found.length - 1));

  const move = (to: number): void => {
    const next = (to + found.length) % Math.max(1, found.length);
    setAt(next);
    list.current?.children[next]?.scrollIntoView({ block: "nearest" });
  };
  const run = (choice: Choice | undefined): void => {
    if (!choice || choice.refusal !== null) return;
    close();
    choice.run();
  };
  const onKey = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const step = steps[event.key];
    if (step !== undefined) move(Math.abs(step) === 1 ? chosen + step : bounded(chosen + step, found.length));
    else if (event.key === "Enter") run(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Sheet title={t("palette.title")} kind="top" onClose={close}>
      <input
        // The one thing that people come here for is to type.
        // oxlint-disable-next-line jsx-a11y/no-autofocus
        autofocus
        class="palette-field"
        type="text"
        role="combobox"
        aria-label={t("palette.label")}
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[chosen] ? optionId(found[chosen]) : undefined}
        aria-autocomplete="list"
        autocomplete="off"
        spellcheck={false}
        placeholder={t("palette.placeholder")}
        value={query}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setAt(0);
          list.current?.scrollTo(0, 0);
        }}
        onKeyDown={onKey}
      />
      <div ref={list} id="palette-list" class="palette-list" role="listbox" aria-label={t("palette.list")}>
        {found.map((choice, index) => (
          <Option
            key={choice.id}
            choice={choice}
            isChosen={index === chosen}
            onPoint={() => setAt(index)}
            onRun={() => run(choice)}
          />
        ))}
      </div>
      <p class="sr-only" role="status">
        {plural("palette.count", found.length)}
      </p>
      {found.length === 0 && <p class="quiet">{t("palette.none")}</p>}
    </Sheet>
  );
}

interface OptionProps {
  readonly choice: Choice;
  readonly isChosen: boolean;
  readonly onPoint: () => void;
  readonly onRun: () => void;
}

/** The field keeps the focus; it says which of these is meant. */
function Option({ choice, isChosen, onPoint, onRun }: OptionProps) {
  const { name, keys, icon, refusal } = choice;
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={optionId(choice)}
      class="palette-option"
      role="option"
      aria-selected={isChosen}
      aria-disabled={refusal !== null}
      tabIndex={-1}
      onPointerMove={onPoint}
      onClick={onRun}
    >
      {icon ? <Icon name={icon} /> : <span class="icon" />}
      <span class="palette-name">{name}</span>
      {refusal === null ? (
        keys[0] !== undefined && <kbd>{keys[0]}</kbd>
      ) : (
        <span class="palette-refusal">{refusal}</span>
      )}
    </div>
  );
}

function optionId({ id }: Choice): string {
  return `palette-${id}`;
}

function bounded(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}
