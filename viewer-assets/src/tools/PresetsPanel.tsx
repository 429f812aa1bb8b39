import { useSignal } from "@preact/signals";
import type { VoiWindow } from "../address";
import { measured, probed } from "../format";
import { t } from "../messages";
import type { NamedWindow } from "../study/data";
import type { PanelProps } from "../study/panels";
import {
  addPreset,
  isArranged,
  movePreset,
  presetsFor,
  removePreset,
  resetPresets,
} from "../study/presetStore";
import { presetOf, scaleOf, windowOf, type Preset, type Subject } from "../study/presets";
import { Icon, type IconName } from "../ui/Icon";
import { Sheet } from "../ui/Sheet";
import { sameWindow } from "../window";

/** Windows of the file and of the modality; the latter can be added to, ordered and removed. */
export function PresetsPanel({ reader, close }: PanelProps) {
  const isEditing = useSignal(false);
  const reading = reader.current.value;
  if (!reading) return null;
  const { own, subject, colour } = reading.presets;
  const chosen = reading.window.value;
  const choose = (window: VoiWindow | null): void => {
    reader.change("command.presets", () => reader.setWindow(window));
    close();
  };
  if (colour)
    return (
      <Sheet title={t("preset.title")} kind="side" onClose={close}>
        <p class="quiet">{t("preset.none")}</p>
      </Sheet>
    );
  const presets = presetsFor(subject);
  return (
    <Sheet title={t("preset.title")} kind="side" onClose={close}>
      <ul class="menu">
        <Choice
          name={ownName(own[0])}
          numbers={numbersOf(own[0]?.window ?? null)}
          digit="0"
          isChosen={chosen === null}
          onChoose={() => choose(null)}
        />
        {distinct(own).map((named) => (
          <Choice
            key={named.explanation}
            name={ownName(named)}
            numbers={numbersOf(named.window)}
            isChosen={sameWindow(named.window, chosen)}
            onChoose={() => choose(named.window)}
          />
        ))}
      </ul>
      <ul class="menu">
        {presets.map((preset, index) => {
          const window = windowOf(preset, subject);
          return isEditing.value ? (
            <EditRow key={preset.id} preset={preset} index={index} count={presets.length} subject={subject} />
          ) : (
            <Choice
              key={preset.id}
              name={preset.name}
              numbers={presetNumbers(preset, window)}
              digit={index < 9 ? String(index + 1) : ""}
              isChosen={window !== null && sameWindow(window, chosen)}
              onChoose={window && (() => choose(window))}
            />
          );
        })}
      </ul>
      {scaleOf(subject) === "file" && <p class="quiet">{t("preset.relative")}</p>}
      {reading.presets.note && <p class="quiet">{reading.presets.note}</p>}
      <AddForm window={reading.viewport.shown.value?.window ?? null} subject={subject} />
      <div class="row">
        <button
          type="button"
          aria-pressed={isEditing.value}
          onClick={() => {
            isEditing.value = !isEditing.value;
          }}
        >
          {t(isEditing.value ? "preset.done" : "preset.edit")}
        </button>
        {isArranged(subject) && (
          <button type="button" onClick={() => resetPresets(subject)}>
            {t("preset.reset")}
          </button>
        )}
      </div>
    </Sheet>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly numbers: string;
  readonly digit?: string;
  readonly isChosen: boolean;
  /** Null where it means nothing for this picture. */
  readonly onChoose: (() => void) | null;
}

function Choice({ name, numbers, digit = "", isChosen, onChoose }: ChoiceProps) {
  return (
    <li>
      <button type="button" aria-pressed={isChosen} disabled={!onChoose} onClick={() => onChoose?.()}>
        <span>{name}</span>
        <span class="numbers">{numbers}</span>
        <kbd>{digit}</kbd>
      </button>
    </li>
  );
}

interface EditRowProps {
  readonly preset: Preset;
  readonly index: number;
  readonly count: number;
  readonly subject: Subject;
}

function EditRow({ preset: { id, name }, index, count, subject }: EditRowProps) {
  return (
    <li class="edit-row">
      <span>{name}</span>
      <EditButton
        label={t("preset.up", { name })}
        icon="icon:arrow-up"
        isOff={index === 0}
        onRun={() => movePreset(subject, id, -1)}
      />
      <EditButton
        label={t("preset.down", { name })}
        icon="icon:arrow-down"
        isOff={index === count - 1}
        onRun={() => movePreset(subject, id, 1)}
      />
      <EditButton
        label={t("preset.remove", { name })}
        icon="icon:trash-2"
        onRun={() => removePreset(subject, id)}
      />
    </li>
  );
}

interface EditButtonProps {
  readonly label: string;
  readonly icon: IconName;
  readonly isOff?: boolean;
  readonly onRun: () => void;
}

function EditButton({ label, icon, isOff = false, onRun }: EditButtonProps) {
  return (
    <button type="button" class="plain" aria-label={label} title={label} disabled={isOff} onClick={onRun}>
      <Icon name={icon} />
    </button>
  );
}

/** The window on the screen becomes a preset. */
function AddForm({ window, subject }: { window: VoiWindow | null; subject: Subject }) {
  const name = useSignal("");
  const added = window && presetOf(name.value, window, subject);
  if (!added) return null;
  return (
    <form
      class="row add-preset"
      onSubmit={(event) => {
        event.preventDefault();
        addPreset(subject, added);
        name.value = "";
      }}
    >
      <label>
        <span>{t("preset.add", { numbers: numbersOf(window) })}</span>
        <input
          type="text"
          maxLength={40}
          placeholder={t("preset.name")}
          value={name.value}
          onInput={(event) => {
            name.value = event.currentTarget.value;
          }}
        />
      </label>
      <button type="submit" disabled={name.value.trim() === ""}>
        {t("preset.addButton")}
      </button>
    </form>
  );
}

function ownName(named: NamedWindow | undefined): string {
  return named?.explanation ? t("preset.ownNamed", { name: named.explanation }) : t("preset.own");
}

/** The file's further windows, each once. */
function distinct(own: readonly NamedWindow[]): readonly NamedWindow[] {
  return own
    .filter(({ window }, index) => own.findIndex((one) => sameWindow(one.window, window)) === index)
    .slice(1);
}

function numbersOf(window: VoiWindow | null): string {
  return window ? t("study.window", { center: measured(window.center), width: measured(window.width) }) : "";
}

/** In the scale of the preset: uptake as its ends, everything else as the window that it makes. */
function presetNumbers({ scale, center, width }: Preset, window: VoiWindow | null): string {
  if (scale !== "SUV") return numbersOf(window);
  return t("preset.suvRange", { low: uptake(center - width / 2), high: uptake(center + width / 2) });
}

function uptake(value: number): string {
  return probed(Number(value.toPrecision(3)));
}
