/** The keyboard: which command a key press runs. */
import { shortcuts } from "../settings";
import { COMMANDS, runCommand } from "./commands";
import { chordOf, findByKey, isSingleCharacter } from "./keys";
import { windowsFor } from "./presetStore";
import type { Reader } from "./reader";

/**
 * Listen for shortcuts until the page ends. Keys belong to a field or an open panel while that has them; a slider has the
 * arrows and their like, letters and digits still are commands.
 */
export function listenForKeys(reader: Reader): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    const target = fieldOf(event);
    if (target?.closest("input:not([type=range]), textarea, select, video, dialog[open]")) return;
    const chord = chordOf(event);
    if (chord === null || (target?.closest("input") && isForSlider(chord))) return;
    if (chord === "Space" && target?.closest("button, a, summary, input")) return;
    if (isSingleCharacter(chord) && !shortcuts.value) return;
    // A key that is held does again only what is done again on purpose, such as zooming.
    if (event.repeat && isSingleCharacter(chord) && !"+=-".includes(chord)) return;
    if (pressKey(reader, chord)) event.preventDefault();
  });
}

/** The element that may have a use of its own for the key. A panel that was just closed keeps the focus for a moment. */
function fieldOf({ target }: Event): Element | null {
  return target instanceof Element && !target.closest("dialog:not([open])") ? target : null;
}

/** Run what that key stands for; false if nothing. */
export function pressKey(reader: Reader, chord: string): boolean {
  if (runPreset(reader, chord)) return true;
  const command = findByKey(COMMANDS, chord);
  if (!command || command.offered?.(reader) === false) return false;
  runCommand(reader, command);
  return true;
}

function isForSlider(chord: string): boolean {
  return /^(Arrow|Page|Home|End)/.test(chord);
}

/** Digits choose windows: 1 to 9 in the order of the panel, 0 the file's own. */
function runPreset(reader: Reader, chord: string): boolean {
  const reading = reader.current.value;
  if (!reading || !/^[0-9]$/.test(chord)) return false;
  const preset = windowsFor(reading.presets.subject)[Number(chord) - 1];
  if (chord === "0") reader.change("command.presets", () => reader.setWindow(null));
  else if (preset) reader.change("command.presets", () => reader.setWindow(preset.window));
  return true;
}
