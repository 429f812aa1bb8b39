/** Hangs another study beside the current one: series that go with each other, at the same place, moved together. */
import { priorSeriesAnswer, priorsAnswer, studyAnswer } from "../study/answers";
import type { StudyAnswer } from "../study/data";
import { layoutNamed } from "../study/layouts";
import { NO_LINKS } from "../study/links";
import { isSamePatient } from "../study/patient";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";
import { tilesOf, type Tile } from "../study/tiles";
import { sliceAtSamePart } from "./scrolling";

/** Look for other studies of the patient. */
export async function findPriors(reader: Reader): Promise<void> {
  if (reader.session.link && reader.session.launch === null) return;
  try {
    reader.priors.value = (await priorsAnswer(reader.study.uid)).priors;
  } catch (error) {
    reader.priorsProblem.value = error instanceof Error ? error.message : String(error);
  }
}

/** Hang the best prior beside what is being read; if one is there already, the next one. */
export async function compare(reader: Reader): Promise<void> {
  const priors = reader.priors.peek();
  const shown = new Set(reader.visible.peek().map(({ tile }) => tile.study.uid));
  const here = priors.findIndex(({ study }) => shown.has(study.uid));
  const next = priors[(here + 1) % Math.max(1, priors.length)];
  if (next) await hangBeside(reader, next.study.uid);
}

/** Get another study, so that its series can be chosen. */
export async function bring(reader: Reader, study: string): Promise<StudyAnswer | null> {
  try {
    const known = reader.studies.peek().find((one) => one.study.uid === study);
    const answer = known ?? (await studyAnswer(study));
    if (!known) reader.take(answer);
    return answer;
  } catch (error) {
    reader.priorsProblem.value = error instanceof Error ? error.message : String(error);
    return null;
  }
}

/** Hang what goes with the current series, of another study, into the pane after it. */
export async function hangBeside(reader: Reader, study: string): Promise<void> {
  const answer = await bring(reader, study);
  const reading = current(reader);
  if (!answer || !reading) return;
  const tile = await matching(reading, answer);
  if (!tile || current(reader) !== reading) return;
  reader.change("command.compare", () => lay(reader, reading, tile));
}

/** The series of the page's own study that is read, or the first that is on the screen. */
function current(reader: Reader): Reading | null {
  const own = reader.visible.peek().filter(({ tile }) => tile.study.uid === reader.study.uid);
  return own.find((one) => one === reader.current.peek()) ?? own[0] ?? null;
}

/** The series that goes with the current one: as the server matches them, else the largest of its modality. */
async function matching({ tile }: Reading, answer: StudyAnswer): Promise<Tile | undefined> {
  const tiles = tilesOf(answer).filter(({ stack }) => stack !== null);
  if (isSamePatient(tile.study, answer.study)) {
    try {
      const { pairs } = await priorSeriesAnswer(tile.study.uid, answer.study.uid);
      const series = pairs.find(([own]) => own === tile.series.uid)?.[1];
      const match = tiles.find((one) => one.series.uid === series);
      if (match) return match;
    } catch {
      // Without the server's word the largest series is a guess that is seen to be one.
    }
  }
  const alike = tiles.filter(({ series }) => series.modality === tile.series.modality);
  return largest(alike) ?? largest(tiles);
}

function largest(tiles: readonly Tile[]): Tile | undefined {
  return [...tiles].sort((a, b) => (b.stack?.frames.length ?? 0) - (a.stack?.frames.length ?? 0))[0];
}

function lay(reader: Reader, reading: Reading, tile: Tile): void {
  const home = reader.panes.peek().findIndex((pane) => pane.reading.peek() === reading);
  const isOnly = reader.layout.peek() === "1x1";
  const isUpright = globalThis.innerHeight > globalThis.innerWidth;
  reader.linked.peek()?.arrange(() => {
    if (isOnly) reader.setLayout(isUpright ? "2x1" : "1x2", false);
    const count = layoutNamed(reader.layout.peek()).areas.length;
    const start = isOnly ? 0 : home;
    const beside = reader.panes.peek().findIndex((pane) => {
      const shown = pane.reading.peek()?.tile.study.uid;
      return shown !== undefined && shown !== reader.study.uid;
    });
    const target = beside >= 0 && beside < count ? beside : (start + 1) % count;
    reader.open(tile.key, undefined, target);
    const other = reader.panes.peek()[target]?.reading.peek();
    const linked = reader.linked.peek();
    if (other && linked) {
      const [own, its] = [linked.standing(reading), linked.standing(other)];
      const isCommon = own.planes[own.index]?.frameOfReference === its.planes[its.index]?.frameOfReference;
      if (!isCommon || !own.planes[own.index]) other.viewport.goTo(sliceAtSamePart(own, its));
    }
    reader.activePane.value = start;
  });
  if (isSamePatient(reading.tile.study, tile.study))
    reader.links.value = {
      ...NO_LINKS,
      lines: reader.links.peek().lines,
      scroll: "position",
      window: true,
      place: true,
    };
}
