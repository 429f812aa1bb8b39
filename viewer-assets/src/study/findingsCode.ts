/** Brings the code that draws findings, once there are some or somebody wants to draw. */
import { signal } from "@preact/signals";

type FindingsCode = typeof import("../findings/all");

/** Null until it is there. */
export const findingsCode = signal<FindingsCode | null>(null);

/** Get it, for whoever needs it now. */
export async function loadFindings(): Promise<FindingsCode> {
  findingsCode.value ??= await import("../findings/all");
  return findingsCode.value;
}
