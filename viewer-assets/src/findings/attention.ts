/** What the reader is shown, or told, without asking: the list when there is a first finding, and what could be lost. */
import { effect, untracked } from "@preact/signals";
import { t } from "../messages";
import type { Reader } from "../study/reader";
import type { Keeper } from "./keep";
import type { Finding } from "./model";

const LOOK_MS = 250;
/** A hand that has not moved for so long does not draw on: the image may make room. */
const REST_MS = 1500;

export function watchForNews(reader: Reader, keeper: Keeper): void {
  whenDrawn(reader, keeper, ({ study }) => {
    if (keeper.mayAnnotate(study) === false) reader.notice.value = t("findings.state.looking");
    if (hasRoom(reader)) reader.findingsShown.value ||= "offered";
  });
  effect(() => {
    const latest = keeper.conflicts.value.at(-1);
    if (!latest) return;
    untracked(() => {
      if (hasRoom(reader)) reader.findingsShown.value ||= "offered";
      else reader.notice.value = t("findings.conflict.notice", { author: latest.author });
    });
  });
}

/** Once, as soon as the hand that drew the first finding of this page is at rest: nothing moves under a hand that draws. */
function whenDrawn(reader: Reader, keeper: Keeper, act: (first: Finding) => void): void {
  let lastMove = performance.now();
  const listening = new AbortController();
  const moved = (): void => {
    lastMove = performance.now();
  };
  for (const kind of ["pointermove", "keydown"] as const)
    addEventListener(kind, moved, { passive: true, signal: listening.signal });
  const stop = effect(() => {
    const drawn = [...reader.findings.all.value.values()].find((one) => keeper.about(one) === undefined);
    if (!drawn) return;
    queueMicrotask(() => stop());
    const wait = (): void => {
      if (reader.isChanging || performance.now() - lastMove < REST_MS) setTimeout(wait, LOOK_MS);
      else {
        listening.abort();
        act(drawn);
      }
    };
    setTimeout(wait, LOOK_MS);
  });
}

/** Whether the image stays large beside the list, and nothing else has that place. */
function hasRoom({ reportShown }: Reader): boolean {
  return !reportShown.peek() && matchMedia("(min-width: 1280px) and (pointer: fine)").matches;
}
