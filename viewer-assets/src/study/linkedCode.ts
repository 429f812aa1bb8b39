/** Brings the code that moves viewports together, once the first picture is there. */
import { signal } from "@preact/signals";
import type { Reader } from "./reader";

type LinkedCode = typeof import("../linked/load");

/** Null until it is there. */
export const linkedCode = signal<LinkedCode | null>(null);

/** Get the code, hang the study if it is to be, and let the reader's viewports know of each other. */
export async function linkViewports(reader: Reader, isHung: boolean): Promise<void> {
  const code = await import("../linked/load");
  linkedCode.value = code;
  if (isHung) code.hang(reader);
  reader.linked.value ??= new code.LinkedViewports(reader);
}
