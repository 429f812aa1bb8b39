/** Brings the presentation states of the studies that are open. */
import { effect, untracked } from "@preact/signals";
import { getJson } from "../api";
import { revivals } from "../connection";
import type { Reader } from "../study/reader";
import type { PresentationsAnswer } from "./model";

/** Ask for those of a study, and put them in the place of what was known. */
export async function fetchPresentations(reader: Reader, study: string): Promise<void> {
  const { presentations } = await getJson<PresentationsAnswer>(
    `sightline/api/studies/${study}/presentations`,
  );
  const others = reader.presentations.peek().filter((one) => one.study !== study);
  reader.presentations.value = [...others, ...presentations.map((one) => ({ ...one, study }))];
}

/** Ask for those of every study that has series of such, once. */
export function startPresentations(reader: Reader): void {
  const known = new Set<string>();
  effect(() => {
    void revivals.value;
    const studies = reader.studies.value.filter(({ series }) =>
      series.some(({ modality }) => modality === "PR"),
    );
    untracked(() => {
      for (const { study } of studies) {
        if (known.has(study.uid)) continue;
        known.add(study.uid);
        fetchPresentations(reader, study.uid).catch(() => known.delete(study.uid));
      }
    });
  });
}
