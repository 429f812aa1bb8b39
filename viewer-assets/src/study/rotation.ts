/** How the three planes are turned out of the patient's axes: part of the desk's state. */

/** A rotation in the patient, as a quaternion: w, x, y, z. */
export type Rotation = readonly [number, number, number, number];

/** Along the patient's axes. */
export const STRAIGHT: Rotation = [1, 0, 0, 0];

export function isStraight([w]: Rotation): boolean {
  return Math.abs(w) > 1 - 1e-9;
}

/** `w,x,y,z`; empty for planes along the patient's axes. */
export function rotationText(rotation: Rotation): string {
  return isStraight(rotation) ? "" : rotation.map((part) => Number(part.toFixed(5))).join(",");
}

/** Read what {@link rotationText} wrote, of length 1; anything else is {@link STRAIGHT}. */
export function parseRotation(text: string | null): Rotation {
  const parts = (text ?? "").split(",").map(Number);
  const length = Math.hypot(...parts);
  const [w = 1, x = 0, y = 0, z = 0] = parts.map((part) => part / length);
  return parts.length === 4 && length > 0.5 && length < 2 ? [w, x, y, z] : STRAIGHT;
}
