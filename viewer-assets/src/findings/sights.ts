/** The findings of the slice that is really on the screen, and where they and their words lie there. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import type { Point, Pose, Rectangle, Size } from "../geometry";
import type { Reader } from "../study/reader";
import type { Place } from "../study/source";
import type { Viewport } from "../study/viewport";
import { placeLabels, type LabelPlace, type LabelWish } from "./labels";
import { labelSize } from "./labelSize";
import { markOf, type Mark } from "./marks";
import { isSamePlace, type Finding, type FindingPlace } from "./model";
import { regionStatistics } from "./statistics";
import { linesOf, spoken } from "./words";

/** Where things lie in a viewport now. */
export interface Sight {
  readonly where: FindingPlace;
  readonly place: Place;
  readonly pose: Pose;
  readonly size: Size;
  /** In the order in which they were made; hidden ones are not there. */
  readonly marks: readonly Mark[];
  /** Of stored reports: seen, but not to be touched. */
  readonly reported: readonly Mark[];
  readonly labels: ReadonlyMap<string, Label>;
}

/** Words with their place. */
export interface Label extends LabelPlace {
  readonly lines: readonly string[];
}

export interface Moving {
  readonly mark: Mark;
  readonly label: Label | null;
}

/** Where words were put by hand, by the id of their finding. */
export type Shifts = ReadonlyMap<string, Point>;

/** The stored frame on the screen; null where there is none, as in a plane between stored slices. */
export function placeOf({ source: { study, series }, shown }: Viewport): FindingPlace | null {
  const found = shown.value?.place.source;
  if (!found || !("instance" in found)) return null;
  return { study, series, instance: found.instance, frame: found.frame };
}

/** What of a viewport follows the findings; null while no stored frame is on the screen. */
export class SightOf {
  /** Where texts of the picture stand. */
  readonly taken = signal<readonly Rectangle[]>([]);
  readonly current: ReadonlySignal<Sight | null>;
  /** What the reader may change; the rest is of stored reports. */
  private readonly own: ReadonlySignal<readonly Finding[]>;
  private readonly calibrations: ReadonlySignal<readonly Finding[]>;
  private readonly marks = new Kept<Mark>();
  private readonly lines = new Kept<readonly string[]>();

  constructor(reader: Reader, viewport: Viewport, shifts: ReadonlySignal<Shifts>) {
    const frame = computed(() => placeOf(viewport));
    this.own = computed(() => (frame.value ? seen(frame.value, reader.findings.all.value.values()) : []));
    this.calibrations = computed(() => {
      const instance = frame.value?.instance;
      const all = [...reader.findings.all.value.values()];
      return all.filter((one) => one.tool === "calibration" && one.instance === instance);
    });
    this.current = computed(() => {
      const where = frame.value;
      const place = viewport.shown.value?.place;
      const pose = viewport.pose(place);
      if (!where || !place || !pose) return null;
      const own = this.marked(this.own.value, place, pose);
      const reported = this.marked(seen(where, reader.reportFindings.value), place, pose);
      const size = viewport.size.value;
      const labels = this.labelled([...own, ...reported], place, size, this.taken.value, shifts.value);
      return { where, place, pose, size, marks: own, reported, labels };
    });
  }

  /** What a screen reader says of a finding that lies here. */
  spoken(finding: Finding, place: Place): string {
    const values = regionStatistics.known(finding, place);
    return spoken(finding, { place, calibrations: this.calibrations.peek(), values });
  }

  /** Ask for the values in the areas that are seen. */
  wantValues(): void {
    regionStatistics.want(this, this.own.peek(), this.current.peek()?.place ?? null);
  }

  /** Nobody looks any more. */
  leave(): void {
    regionStatistics.want(this, [], null);
  }

  /** A mark that is being drawn or moved, with words that leave the others where they are. */
  moving(finding: Finding, shift: Point | null, hasLabel: boolean): Moving | null {
    const sight = this.current.value;
    if (!sight) return null;
    const { place, pose, size, labels } = sight;
    const mark = markOf(finding, place.geometry, pose);
    if (!hasLabel) return { mark, label: null };
    const others = [...labels].filter(([id]) => id !== finding.id).map(([, label]) => label);
    const shifts = new Map(shift ? [[finding.id, shift]] : []);
    const found = this.labelled([mark], place, size, [...this.taken.value, ...others], shifts);
    return { mark, label: found.get(finding.id) ?? null };
  }

  private marked(findings: readonly Finding[], place: Place, pose: Pose): readonly Mark[] {
    const { x, y, width, height, turn } = pose;
    const { geometry } = place;
    const key = [geometry, x, y, width, height, turn.quarters, turn.mirrored];
    return findings.map((finding) => this.marks.get(finding, key, () => markOf(finding, geometry, pose)));
  }

  private labelled(
    marks: readonly Mark[],
    place: Place,
    size: Size,
    taken: readonly Rectangle[],
    shifts: Shifts,
  ): ReadonlyMap<string, Label> {
    const calibrations = this.calibrations.value;
    return labelsOf(marks, size, taken, shifts, (finding) => {
      const values = regionStatistics.known(finding, place);
      const key = [place.geometry, values, ...calibrations];
      return this.lines.get(finding, key, () => linesOf(finding, { place, calibrations, values }));
    });
  }
}

function seen(where: FindingPlace, all: Iterable<Finding>): readonly Finding[] {
  return [...all].filter((one) => !one.hidden && isSamePlace(one, where));
}

/** What was computed of a finding, as long as what it depends on stays the same. */
class Kept<Value> {
  private readonly all = new WeakMap<Finding, { readonly key: readonly unknown[]; readonly value: Value }>();

  get(finding: Finding, key: readonly unknown[], compute: () => Value): Value {
    const known = this.all.get(finding);
    if (known?.key.length === key.length && known.key.every((part, index) => part === key[index]))
      return known.value;
    const value = compute();
    this.all.set(finding, { key, value });
    return value;
  }
}

/** A place for the words of each. */
export function labelsOf(
  marks: readonly Mark[],
  size: Size,
  taken: readonly Rectangle[],
  shifts: Shifts,
  wordsOf: (finding: Finding) => readonly string[],
): ReadonlyMap<string, Label> {
  const lines = new Map(marks.map(({ finding }) => [finding.id, wordsOf(finding)]));
  const wishes: LabelWish[] = [];
  for (const mark of marks) {
    const { id } = mark.finding;
    const own = lines.get(id) ?? [];
    if (own.length > 0) wishes.push({ mark, size: labelSize(own), shift: shifts.get(id) ?? null });
  }
  const places = placeLabels(wishes, size, taken);
  return new Map([...places].map(([id, at]) => [id, { ...at, lines: lines.get(id) ?? [] }]));
}
