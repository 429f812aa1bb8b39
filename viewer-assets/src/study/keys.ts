/** Keys as people know them: how a key press is written, and whose it is. */
import { t, type MessageKey } from "../messages";
import { ownKeys } from "../settings";

/** What is needed of a `KeyboardEvent`. */
export type KeyPress = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey"> & {
  readonly getModifierState?: (name: "AltGraph") => boolean;
};

/** What has keys. */
export interface Keyed {
  readonly id: string;
  /** Its usual keys, as {@link chordOf} writes them; the first is shown. */
  readonly keys: readonly string[];
}

/**
 * A key press as text: `Ctrl+` (Command on a Mac is the same), `Shift+`, then the character or the key's name; null for a
 * press that means nothing yet. Characters are those that the keyboard's own layout makes, with whatever keys it takes;
 * letters of other alphabets are those of the same place on a Latin keyboard.
 */
export function chordOf(press: KeyPress): string | null {
  const { key, shiftKey } = press;
  if (["Dead", "Unidentified", "Process", "Shift", "Control", "Alt", "AltGraph", "Meta"].includes(key))
    return null;
  const makesCharacters = press.getModifierState?.("AltGraph") ?? false;
  const control = (press.ctrlKey || press.metaKey) && !makesCharacters;
  const name = key === " " ? "Space" : (letterOf(press) ?? key);
  const isCharacter = name.length === 1;
  const isLetter = isCharacter && /\p{L}/u.test(name);
  // Option on a Mac makes characters too; with Alt alone, letters belong to the browser's menus.
  if (press.altKey && !makesCharacters && (!isCharacter || isLetter)) return null;
  const shift = shiftKey && (!isCharacter || isLetter);
  return `${control ? "Ctrl+" : ""}${shift ? "Shift+" : ""}${name}`;
}

/** The small letter; of another alphabet, the Latin one in that place. Null for what is no letter. */
function letterOf({ key, code }: KeyPress): string | null {
  if (key.length !== 1 || !/\p{L}/u.test(key)) return null;
  const place = /^Key([A-Z])$/.exec(code)?.[1];
  return /[a-z]/i.test(key) || !place ? key.toLowerCase() : place.toLowerCase();
}

/** The keys that a command has by now. */
export function keysOf({ id, keys }: Keyed): readonly string[] {
  return ownKeys.value[id] ?? keys;
}

/** Whose key that is. Where nobody has a letter with Shift, it is the letter, as with Caps Lock. */
export function findByKey<Found extends Keyed>(list: readonly Found[], chord: string): Found | null {
  const has = (one: Found, wanted: string): boolean => keysOf(one).includes(wanted);
  const plain = chord.replace(/^Shift\+(?=.$)/u, "");
  return list.find((one) => has(one, chord)) ?? list.find((one) => has(one, plain)) ?? null;
}

/** Whether it is typed without Control and without a key of its own such as an arrow (WCAG 2.1.4). */
export function isSingleCharacter(chord: string): boolean {
  return /^(Shift\+)?.$/u.test(chord);
}

/** Keys that are no command's: digits choose windows, the rest moves through every page. */
export function isReserved(chord: string): boolean {
  return /^([0-9]|(Shift\+)?(Tab|Escape|Enter))$/.test(chord);
}

/** Give a command that key alone; whoever had it loses it. Returns the map to keep. */
export function withKey(
  list: readonly Keyed[],
  id: string,
  chord: string,
): Record<string, readonly string[]> {
  const next: Record<string, readonly string[]> = { ...ownKeys.value };
  for (const one of list) {
    if (one.id !== id && keysOf(one).includes(chord))
      next[one.id] = keysOf(one).filter((key) => key !== chord);
  }
  next[id] = [chord];
  return next;
}

const NAMES = {
  ArrowUp: "key.ArrowUp",
  ArrowDown: "key.ArrowDown",
  ArrowLeft: "key.ArrowLeft",
  ArrowRight: "key.ArrowRight",
  PageUp: "key.PageUp",
  PageDown: "key.PageDown",
  Home: "key.Home",
  End: "key.End",
  Space: "key.Space",
} as const satisfies Record<string, MessageKey>;

/** How a key is written on the keyboard. */
export function keyName(chord: string): string {
  // A key may be "+" itself.
  const [, modifiers = "", key = chord] = /^((?:Ctrl\+|Shift\+)*)(.+)$/u.exec(chord) ?? [];
  const name =
    key in NAMES ? t(NAMES[key as keyof typeof NAMES]) : key.length === 1 ? key.toUpperCase() : key;
  return [
    ...(modifiers.includes("Ctrl") ? [t(isMac() ? "key.Command" : "key.Control")] : []),
    ...(modifiers.includes("Shift") ? [t("key.Shift")] : []),
    name,
  ].join(" ");
}

function isMac(): boolean {
  return /Mac|iP(hone|ad)/.test(globalThis.navigator?.platform ?? "");
}

/** As `aria-keyshortcuts` wants it. */
export function ariaKeys(keys: readonly string[]): string {
  return keys
    .map((chord) => chord.replace("Ctrl+", "Control+").replace(/\+\+$/, "+Plus").replace(/^\+$/, "Plus"))
    .join(" ");
}
