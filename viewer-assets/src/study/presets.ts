/**
 * Windows on offer for a series: what its modality has by itself, and what the person made of it. Where values have a
 * common unit, Hounsfield units or uptake, a window has a meaning of its own; elsewhere it only has one relative to the
 * window of the file.
 */
import type { VoiWindow } from "../address";
import { t, type MessageKey } from "../messages";
import { rounded } from "../window";

/** In what a preset's numbers count: Hounsfield units, SUV in g/ml, or widths of the file's own window. */
export type Scale = "HU" | "SUV" | "file";

/** For `file`, `center` is the shift of the centre in widths towards darker, and `width` the width over the file's. */
export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly scale: Scale;
  readonly center: number;
  readonly width: number;
}

/** What presets need to know of the picture. */
export interface Subject {
  readonly modality: string;
  readonly unit: string;
  /** Modality value to SUV; null without. */
  readonly suvFactor: number | null;
  /** The window that the file has, or that was made for it; null where there is none. */
  readonly own: VoiWindow | null;
  /** Whether high values are shown dark. */
  readonly inverse: boolean;
}

export interface NamedPreset {
  readonly preset: Preset;
  readonly window: VoiWindow;
}

const row = (scale: Scale) => (name: MessageKey, center: number, width: number) => ({
  id: name,
  name: t(name),
  scale,
  center,
  width,
});
const hounsfield = row("HU");
const uptake = row("SUV");
const relative = row("file");

const CT: readonly Preset[] = [
  hounsfield("preset.softTissue", 40, 400),
  hounsfield("preset.lung", -600, 1500),
  hounsfield("preset.bone", 480, 2500),
  hounsfield("preset.brain", 40, 80),
  hounsfield("preset.stroke", 40, 40),
  hounsfield("preset.mediastinum", 50, 350),
  hounsfield("preset.liver", 90, 150),
  hounsfield("preset.angio", 300, 600),
];

const PET: readonly Preset[] = [
  uptake("preset.suv5", 2.5, 5),
  uptake("preset.suv7", 3.5, 7),
  uptake("preset.suv10", 5, 10),
  uptake("preset.suv15", 7.5, 15),
  uptake("preset.suv20", 10, 20),
];

const RELATIVE: readonly Preset[] = [
  relative("preset.narrower", 0, 0.5),
  relative("preset.wider", 0, 2),
  relative("preset.brighter", -0.25, 1),
  relative("preset.darker", 0.25, 1),
];

/**
 * The scale that a series' windows have. A CT that names no unit is in Hounsfield units (Rescale Type is required only
 * where it is another one, PS3.3 C.8.2.1).
 */
export function scaleOf({ modality, unit, suvFactor }: Subject): Scale {
  if (modality === "CT" && (unit === "HU" || unit === "")) return "HU";
  return suvFactor !== null ? "SUV" : "file";
}

/** What the modality has by itself. */
export function ownPresets(subject: Subject): readonly Preset[] {
  return { HU: CT, SUV: PET, file: RELATIVE }[scaleOf(subject)];
}

/** The window that a preset means for a picture; null where it cannot be told. */
export function windowOf(preset: Preset, { own, suvFactor, inverse }: Subject): VoiWindow | null {
  const { scale, center, width } = preset;
  if (scale === "HU") return { center, width };
  if (scale === "SUV") {
    if (suvFactor === null) return null;
    return { center: center / suvFactor, width: width / suvFactor, voiFunction: "LINEAR_EXACT" };
  }
  if (!own) return null;
  const shift = own.width * center * (inverse ? -1 : 1);
  return rounded({ ...own, center: own.center + shift, width: own.width * width });
}

/** A window as a preset of that name; null where there is nothing that it could be relative to. */
export function presetOf(name: string, window: VoiWindow, subject: Subject): Omit<Preset, "id"> | null {
  const scale = scaleOf(subject);
  const { own, suvFactor, inverse } = subject;
  if (scale === "HU") return { name, scale, center: window.center, width: window.width };
  if (scale === "SUV" && suvFactor !== null)
    return { name, scale, center: window.center * suvFactor, width: window.width * suvFactor };
  if (!own) return null;
  const shift = ((window.center - own.center) / own.width) * (inverse ? -1 : 1);
  return { name, scale: "file", center: shift, width: window.width / own.width };
}
