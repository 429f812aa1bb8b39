/** A volume seen as a solid body beside its three planes: part of the desk's state. */
import { scaleOf, type Subject } from "./presets";

/** By one of the server's transfer functions, or as a maximum intensity projection. */
export const LOOKS = ["bone", "vessels", "lung", "skin", "muscle", "mr", "mip"] as const;
export type RenderingLook = (typeof LOOKS)[number];

/** `turn` and `tilt` are degrees, 0 from in front: to the patient's left side, and to the head. */
export interface Rendering {
  readonly look: RenderingLook;
  readonly turn: number;
  readonly tilt: number;
}

/** As it begins: from in front. */
export function renderingOf(subject: Subject): Rendering {
  const look = scaleOf(subject) === "HU" ? "bone" : subject.modality === "MR" ? "mr" : "mip";
  return { look, turn: 0, tilt: 0 };
}

/** `look,turn,tilt`; empty where there is none. */
export function renderingText(rendering: Rendering | null): string {
  return rendering ? [rendering.look, rendering.turn, rendering.tilt].join(",") : "";
}

/** Read what {@link renderingText} wrote; anything else is none. */
export function parseRendering(text: string | null): Rendering | null {
  const [name, ...angles] = (text ?? "").split(",");
  const [turn = NaN, tilt = NaN] = angles.map(Number);
  const look = LOOKS.find((one) => one === name);
  return look && Math.abs(turn) <= 180 && Math.abs(tilt) <= 90 ? { look, turn, tilt } : null;
}
