/** Presets as the person arranged them, by modality. They are settings and say nothing of any patient. */
import { signal } from "@preact/signals";
import { ownPresets, scaleOf, windowOf, type NamedPreset, type Preset, type Subject } from "./presets";

const KEY = "sightline.presets";
const MOST = 40;
const LONGEST_NAME = 40;

/** By modality and scale: all presets in their order. What is not there is as the modality has it by itself. */
type Arranged = Readonly<Record<string, readonly Preset[]>>;

const arranged = signal<Arranged>(read());

/** All presets for a picture, in their order. */
export function presetsFor(subject: Subject): readonly Preset[] {
  return arranged.value[groupOf(subject)] ?? ownPresets(subject);
}

/** Those that mean a window there. */
export function windowsFor(subject: Subject): readonly NamedPreset[] {
  return presetsFor(subject).flatMap((preset) => {
    const window = windowOf(preset, subject);
    return window ? [{ preset, window }] : [];
  });
}

/** Whether the person changed anything of them. */
export function isArranged(subject: Subject): boolean {
  return groupOf(subject) in arranged.value;
}

/** Put a preset at the end. */
export function addPreset(subject: Subject, preset: Omit<Preset, "id">): void {
  const id = `own-${Date.now().toString(36)}`;
  const name = preset.name.trim().slice(0, LONGEST_NAME);
  if (name) arrange(subject, [...presetsFor(subject), { ...preset, name, id }].slice(0, MOST));
}

export function removePreset(subject: Subject, id: string): void {
  arrange(
    subject,
    presetsFor(subject).filter((preset) => preset.id !== id),
  );
}

/** Move a preset up or down by one. */
export function movePreset(subject: Subject, id: string, by: 1 | -1): void {
  const list = [...presetsFor(subject)];
  const from = list.findIndex((preset) => preset.id === id);
  const [moved] = list.splice(from, 1);
  if (from < 0 || !moved) return;
  list.splice(from + by < 0 ? 0 : from + by, 0, moved);
  arrange(subject, list);
}

/** As the modality has them by itself. */
export function resetPresets(subject: Subject): void {
  const { [groupOf(subject)]: _, ...others } = arranged.peek();
  write(others);
}

function arrange(subject: Subject, presets: readonly Preset[]): void {
  write({ ...arranged.peek(), [groupOf(subject)]: presets });
}

function groupOf(subject: Subject): string {
  return `${subject.modality} ${scaleOf(subject)}`;
}

function write(value: Arranged): void {
  arranged.value = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(value));
  } catch {
    // Storage that is full or forbidden: they hold as long as the page.
  }
}

function read(): Arranged {
  try {
    const value: unknown = JSON.parse(globalThis.localStorage?.getItem(KEY) ?? "{}");
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).flatMap(([group, list]) =>
        Array.isArray(list) ? [[group, list.filter(isPreset).slice(0, MOST)]] : [],
      ),
    );
  } catch {
    return {};
  }
}

function isPreset(value: unknown): value is Preset {
  if (typeof value !== "object" || value === null) return false;
  const { id, name, scale, center, width } = value as Partial<Record<keyof Preset, unknown>>;
  const isNamed = typeof id === "string" && typeof name === "string";
  const isScaled = scale === "HU" || scale === "SUV" || scale === "file";
  return isNamed && isScaled && Number.isFinite(center) && Number.isFinite(width) && Number(width) > 0;
}
