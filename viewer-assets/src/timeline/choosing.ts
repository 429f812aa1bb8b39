/** Which studies of the time line are shown, and which are chosen to be read side by side. Pure. */
import type { TimelineStudy } from "./data";

/** Empty values leave everything in. */
export interface Narrowing {
  readonly modality: string;
  readonly year: string;
}

export const EVERYTHING: Narrowing = { modality: "", year: "" };

/** Year of a study; empty where it has no date. */
export function yearOf(study: TimelineStudy): string {
  return /^\d{4}/.exec(study.date)?.[0] ?? "";
}

/** What comes with images of every kind: nobody looks for these by themselves. */
const COMPANIONS = new Set(["SR", "DOC", "PR", "KO"]);

/** Modalities to choose from, each once, those of most studies first. */
export function modalitiesOf(studies: readonly TimelineStudy[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { modalities } of studies)
    for (const modality of modalities)
      if (!COMPANIONS.has(modality)) counts.set(modality, (counts.get(modality) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a.localeCompare(b)).map(([modality]) => modality);
}

/** Years with studies, the latest first. */
export function yearsOf(studies: readonly TimelineStudy[]): readonly string[] {
  return [...new Set(studies.map(yearOf).filter(Boolean))].sort((a, b) => b.localeCompare(a));
}

export function isShown(study: TimelineStudy, { modality, year }: Narrowing): boolean {
  return (modality === "" || study.modalities.includes(modality)) && (year === "" || yearOf(study) === year);
}

/** Runs of studies of one year, in their order. */
export function byYear(
  studies: readonly TimelineStudy[],
): readonly { readonly year: string; readonly studies: readonly TimelineStudy[] }[] {
  const groups = new Map<string, TimelineStudy[]>();
  for (const study of studies) {
    const group = groups.get(yearOf(study));
    if (group) group.push(study);
    else groups.set(yearOf(study), [study]);
  }
  return [...groups].map(([year, members]) => ({ year, studies: members }));
}

/** What is chosen after a study was chosen or left: two at most, of which the one chosen longer ago goes. */
export function chosenWith(chosen: readonly string[], uid: string): readonly string[] {
  return chosen.includes(uid) ? chosen.filter((one) => one !== uid) : [...chosen, uid].slice(-2);
}

/** The path that reads two studies side by side, the later one first; null unless two are chosen. */
export function besidePath(studies: readonly TimelineStudy[], chosen: readonly string[]): string | null {
  const [first, second] = studies.filter(({ uid }) => chosen.includes(uid));
  return first && second ? `sightline/studies/${first.uid}?beside=${second.uid}` : null;
}

/** Read what {@link narrowingQuery} wrote. */
export function parseNarrowing(search: string): Narrowing {
  const query = new URLSearchParams(search);
  const [modality, year] = [query.get("modality") ?? "", query.get("year") ?? ""];
  return {
    modality: /^[A-Z0-9_]{1,16}$/.test(modality) ? modality : "",
    year: /^\d{4}$/.test(year) ? year : "",
  };
}

export function narrowingQuery(narrowing: Narrowing): string {
  const set = Object.entries(narrowing).filter(([, value]) => value !== "");
  return set.length > 0 ? `?${set.map(([name, value]) => `${name}=${value}`).join("&")}` : "";
}
