/** Brings the code that moves viewports together, once the first picture is there. */
import { signal } from "@preact/signals";
import type { Reader } from "./reader";

type LinkedCode = typeof import("../linked/load");

/** Null until it is there. */
export const linkedCode = signal<LinkedCode | null>(null);

/** Get the code and let the reader's viewports know of each other. */
export async function linkViewports(reader: Reader): Promise<void> {
  const code = await import("../linked/load");
  linkedCode.value = code;
  reader.linked.value ??= new code.LinkedViewports(reader);
}
