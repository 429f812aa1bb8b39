import { useSignal, type Signal } from "@preact/signals";
import { t } from "../messages";
import { ownKeys } from "../settings";
import { COMMANDS, GROUPS, type Command } from "../study/commands";
import { chordOf, findByKey, isReserved, keyName, keysOf, withKey } from "../study/keys";
import { Keys } from "./Keys";

/** A command that waits for its new key, and the key if somebody else has it. */
interface Asking {
  readonly id: string;
  readonly chord: string | null;
}

/** Every command with its keys, which can be changed. */
export function KeySettings() {
  const asking = useSignal<Asking | null>(null);
  return (
    <details class="key-settings">
      <summary>{t("keys.title")}</summary>
      {GROUPS.map((group) => (
        <table key={group} class="help-table">
          <caption>{t(`command.group.${group}`)}</caption>
          <tbody>
            {COMMANDS.filter((command) => command.group === group).map((command) => (
              <KeyRow key={command.id} command={command} asking={asking} />
            ))}
          </tbody>
        </table>
      ))}
      <button
        type="button"
        onClick={() => {
          ownKeys.value = {};
        }}
      >
        {t("keys.reset")}
      </button>
    </details>
  );
}

interface KeyRowProps {
  readonly command: Command;
  readonly asking: Signal<Asking | null>;
}

function KeyRow({ command, asking }: KeyRowProps) {
  const { id } = command;
  const name = t(command.name);
  const isAsking = asking.value?.id === id;
  const keys = keysOf(command);
  return (
    <>
      <tr>
        <th scope="row">{name}</th>
        <td>{keys.length > 0 ? <Keys keys={keys} /> : <span class="quiet">{t("keys.none")}</span>}</td>
        <td class="key-change">
          <button
            type="button"
            aria-label={t("keys.changeOf", { name })}
            aria-pressed={isAsking}
            onClick={() => {
              asking.value = isAsking ? null : { id, chord: null };
            }}
            onKeyDown={(event) => {
              if (isAsking) onKey(event, command, asking);
            }}
            onBlur={() => {
              if (asking.peek()?.chord === null) asking.value = null;
            }}
          >
            {isAsking ? t("keys.press") : t("keys.change")}
          </button>
        </td>
      </tr>
      {isAsking && asking.value?.chord != null && (
        <tr>
          <td colSpan={3}>
            <Conflict command={command} chord={asking.value.chord} asking={asking} />
          </td>
        </tr>
      )}
    </>
  );
}

/** A key was pressed for a command: taken at once where it is free, else it is said whose it is. */
function onKey(event: KeyboardEvent, command: Command, asking: Signal<Asking | null>): void {
  const chord = chordOf(event);
  if (chord === null || chord === "Tab" || chord === "Shift+Tab") return;
  event.preventDefault();
  event.stopPropagation();
  if (chord === "Escape") asking.value = null;
  else if (isReserved(chord) || isTaken(command, chord)) asking.value = { id: command.id, chord };
  else take(command, chord, asking);
}

function isTaken({ id }: Command, chord: string): boolean {
  return COMMANDS.some((one) => one.id !== id && keysOf(one).includes(chord));
}

function take({ id }: Command, chord: string, asking: Signal<Asking | null>): void {
  ownKeys.value = withKey(COMMANDS, id, chord);
  asking.value = null;
}

function Conflict({ command, chord, asking }: KeyRowProps & { readonly chord: string }) {
  const owner = findByKey(COMMANDS, chord);
  const key = keyName(chord);
  return (
    <div class="key-conflict" role="alert">
      <span>
        {isReserved(chord) || !owner
          ? t("keys.reserved", { key })
          : t("keys.conflict", { key, name: t(owner.name) })}
      </span>
      {!isReserved(chord) && (
        <button type="button" onClick={() => take(command, chord, asking)}>
          {t("keys.take")}
        </button>
      )}
      <button
        type="button"
        onClick={() => {
          asking.value = null;
        }}
      >
        {t("keys.leave")}
      </button>
    </div>
  );
}
