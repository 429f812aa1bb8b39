/** Brings the code that moves viewports together, once the first picture is there. */
import { signal } from "@preact/signals";
import type { DeskState } from "./deskState";
import { insist } from "./insist";
import type { Reader } from "./reader";

type LinkedCode = typeof import("../linked/load");

/** Null until it is there. */
export const linkedCode = signal<LinkedCode | null>(null);

let other: InstanceType<LinkedCode["OtherWindow"]> | null = null;

/** Open the study in a second window, or bring that one to the front. */
export function openSecondWindow(reader: Reader): void {
  const code = linkedCode.peek();
  if (!code) return;
  reader.desk.value ??= code.newId();
  joinWindows(code, reader, reader.desk.value)?.open();
}

function joinWindows(code: LinkedCode, reader: Reader, id: string): typeof other {
  const linked = reader.linked.peek();
  if (linked) other ??= new code.OtherWindow(reader, linked, id);
  return other;
}

/** Whether the address leaves it to us how the study is hung. */
function isUnarranged({ layout, planes, panes }: DeskState): boolean {
  return layout === "1x1" && !planes && panes.every((pane) => pane === null);
}

/** Get the code, hang the study if it is to be, and let the reader's viewports know of each other; then look for priors. */
export async function linkViewports(reader: Reader, asked: DeskState): Promise<void> {
  const code = await insist(() => import("../linked/load"));
  linkedCode.value = code;
  if (isUnarranged(asked) && asked.beside.length === 0) code.hang(reader);
  reader.linked.value ??= new code.LinkedViewports(reader);
  if (reader.desk.value !== null) joinWindows(code, reader, reader.desk.value);
  const [beside] = asked.beside;
  if (beside !== undefined && isUnarranged(asked)) await code.hangBeside(reader, beside);
  await code.findPriors(reader);
}
