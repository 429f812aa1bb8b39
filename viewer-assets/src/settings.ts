/** What people set for themselves, as signals that are kept in the browser. No patient data. */
import { effect, signal, type Signal } from "@preact/signals";
import { onStored, store, stored } from "./stored";
import { LAYOUTS, type LayoutName } from "./study/layouts";
import {
  oneOf,
  onSystemTheme,
  showTextSize,
  showTheme,
  SIDES,
  TEXT_SIZES,
  THEMES,
  type Side,
  type TextSize,
  type Theme,
} from "./theme";

interface Setting {
  readonly name: string;
  /** Take over what is stored, or the default. */
  readonly read: () => void;
}

const settings: Setting[] = [];

/** A setting with its default; what was kept counts only if `accepts` does. */
function setting<Value>(
  name: string,
  normal: Value,
  accepts: (value: unknown) => value is Value,
): Signal<Value> {
  const read = (): Value => {
    const value = stored(name);
    return accepts(value) ? value : normal;
  };
  const value = signal(read());
  let kept = value.peek();
  effect(() => {
    if (value.value !== kept) store(name, value.value === normal ? undefined : value.value);
    kept = value.value;
  });
  settings.push({
    name,
    read: () => {
      kept = read();
      value.value = kept;
    },
  });
  return value;
}

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";

export const theme = setting<Theme>("theme", "dark", oneOf(THEMES));
export const textSize = setting<TextSize>("text", "normal", oneOf(TEXT_SIZES));
/** Where the tool bar is; on a phone, at which end *More* is. */
export const toolSide = setting<Side>("toolSide", "left", oneOf(SIDES));
/** The desk of a study whose address names none; `auto` leaves it to what is in the study. */
export const defaultLayout = setting<LayoutName | "auto">(
  "layout",
  "auto",
  oneOf<LayoutName | "auto">(["auto", ...LAYOUTS.map(({ name }) => name)]),
);
/** Whether the wheel, and a drag, towards the reader leads back instead of on. */
export const scrollReversed = setting("scrollReversed", false, isBoolean);
export const zoomReversed = setting("zoomReversed", false, isBoolean);
/** Whether a measuring tool is put away once something is drawn. */
export const measureOnce = setting("measureOnce", false, isBoolean);
/** Whether keys without Control are shortcuts (WCAG 2.1.4). */
export const shortcuts = setting("shortcuts", true, isBoolean);

/** Fetch what nobody asked for yet when the line allows it, on any line, or not at all. */
export const PREFETCH = ["auto", "always", "never"] as const;
export type Prefetch = (typeof PREFETCH)[number];
export const prefetch = setting<Prefetch>("prefetch", "auto", oneOf(PREFETCH));

const MEBIBYTE = 1 << 20;
/** Sizes on offer, in bytes. */
export const CACHE_SIZES: readonly number[] = [64, 128, 256, 512, 1024, 2048].map((size) => size * MEBIBYTE);
/** How many bytes of exact frames are kept at most, in memory. */
export const cacheBytes = setting<number>(
  "cacheBytes",
  defaultCacheBytes(
    (globalThis.navigator as { deviceMemory?: number } | undefined)?.deviceMemory,
    globalThis.matchMedia?.("(pointer: coarse)").matches ?? false,
  ),
  oneOf(CACHE_SIZES),
);

/** Bytes by default: `memory` is the device's in GiB, where the browser says it. */
export function defaultCacheBytes(memory = 8, touch = false): number {
  if (memory <= 2) return 64 * MEBIBYTE;
  return (memory <= 4 || touch ? 128 : 256) * MEBIBYTE;
}

/** Keys of commands by command id, where they are others than usual. */
export type KeyMap = Readonly<Record<string, readonly string[]>>;

function isKeyMap(value: unknown): value is KeyMap {
  return typeof value === "object" && value !== null && Object.values(value).every(isKeyList);
}

function isKeyList(value: unknown): boolean {
  return Array.isArray(value) && value.every((key) => typeof key === "string" && key.length <= 40);
}

export const ownKeys = setting<KeyMap>("keys", {}, isKeyMap);
/** Whether the first steps were shown, or skipped. */
export const introduced = setting("introduced", false, isBoolean);

/** Everything as it was at first. */
export function resetSettings(): void {
  for (const { name, read } of settings) {
    store(name, undefined);
    read();
  }
}

onStored((changed) => settings.find(({ name }) => name === changed)?.read());

/** The page follows what is set of its look. */
export function followTheme(): void {
  effect(() => showTheme(theme.value));
  effect(() => showTextSize(textSize.value));
  effect(() => {
    document.documentElement.dataset["tools"] = toolSide.value;
  });
  onSystemTheme(() => showTheme(theme.peek()));
}
