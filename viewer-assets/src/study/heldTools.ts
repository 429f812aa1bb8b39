/** A tool's key that is held chooses the tool only for as long; a key that is tapped chooses it for good. */
import type { Reader } from "./reader";

/** Held longer than a tap. */
const HELD_MS = 350;

/** Listen until the page ends. It has to be there before the listener that runs commands. */
export function listenForHeldTools(reader: Reader): void {
  let held: {
    readonly key: string;
    readonly before: Reader["tool"]["value"];
    readonly since: number;
  } | null = null;
  document.addEventListener("keydown", ({ key, repeat, timeStamp }) => {
    if (!repeat) held = { key, before: reader.tool.value, since: timeStamp };
  });
  document.addEventListener("keyup", ({ key, timeStamp }) => {
    if (held?.key !== key) return;
    if (timeStamp - held.since > HELD_MS && reader.tool.value !== held.before) {
      reader.tool.value = held.before;
      reader.pointer.value = null;
    }
    held = null;
  });
}
