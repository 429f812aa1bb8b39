/**
 * Viewports that know of each other: what the reader does in one is done in the others that belong to it. Only a change
 * that somebody made leads; what follows from it is noted here as it is made, so that it leads nowhere.
 */
import { batch, effect, signal, untracked } from "@preact/signals";
import { toImage, type Point } from "../geometry";
import type { MessageKey } from "../messages";
import type { Look } from "../study/look";
import { isSamePatient } from "../study/patient";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";
import type { PictureSource, Place } from "../study/source";
import { sameWindow } from "../window";
import {
  holds,
  isInside,
  sliceHolding,
  toPatient,
  toPixel,
  type Mark,
  type PatientPlane,
} from "./patientPlane";
import type { ForeignPlane } from "./LinkOverlay";
import { placedLike, type Lying } from "./placing";
import { followingSlice, relationOf, type Standing } from "./scrolling";

/** What a viewport does together with others. */
export type Sign = "scroll" | "window" | "place";

export class LinkedViewports {
  /** Where the crosshair was put last. */
  readonly mark = signal<Mark | null>(null);
  /** Slices that are read in another window. */
  readonly elsewhere = signal<readonly ForeignPlane[]>([]);
  private readonly anchors = new Map<Reading, number>();
  private readonly planes = new WeakMap<PictureSource, readonly (PatientPlane | null)[]>();
  private readonly stops: (() => void)[] = [];
  private isArranging = false;

  constructor(private readonly reader: Reader) {
    this.stops.push(
      this.watch(
        () => reader.links.value.scroll,
        (reading) => reading.viewport.index.value,
        Object.is,
        (leader, followers) => this.scroll(leader, followers),
        (readings) => this.anchor(readings),
      ),
      this.watch(
        () => reader.links.value.window,
        (reading) => reading.look,
        sameLook,
        (leader, followers) => {
          for (const one of followers)
            if (this.sharesWindow(leader, one)) one.look = { ...one.look, ...windowOf(leader.look) };
        },
      ),
      this.watch(
        () => reader.links.value.place,
        (reading) => reading.viewport.placement.value,
        Object.is,
        (leader, followers) => this.place(leader, followers),
        () => undefined,
        (reading) => reading.viewport.size.value.width > 0,
      ),
    );
  }

  /** Let go of all viewports. */
  close(): void {
    for (const stop of this.stops) stop();
  }

  /** Put several viewports somewhere at once, none of them leading the others. */
  arrange(act: () => void): void {
    this.isArranging = true;
    try {
      batch(act);
    } finally {
      this.isArranging = false;
    }
  }

  /** Where each slice of a pile lies. */
  planesOf(source: PictureSource): readonly (PatientPlane | null)[] {
    const known = this.planes.get(source);
    if (known) return known;
    const planes = Array.from({ length: source.count }, (_, index) => source.at(index)?.plane ?? null);
    this.planes.set(source, planes);
    return planes;
  }

  /** A stack and where it stands. */
  standing(reading: Reading): Standing {
    const index = reading.viewport.index.value;
    return {
      planes: this.planesOf(reading.viewport.source),
      index,
      anchor: this.anchors.get(reading) ?? index,
    };
  }

  /** Whether the crosshair can be put into a picture. */
  canPoint(reading: Reading): boolean {
    return (reading.viewport.shown.value?.place.plane ?? null) !== null;
  }

  /** Put the crosshair on a point of a picture, in CSS pixels, and take the others to the slices that hold it. */
  pointAt(reading: Reading, point: Point): void {
    const { viewport } = reading;
    const place = viewport.shown.value?.place;
    const pose = viewport.pose(place);
    if (!place?.plane || !pose) return;
    const pixel = toImage(point, place.geometry, pose);
    const at = { row: pixel.y - 0.5, column: pixel.x - 0.5 };
    if (!isInside(place.plane, { ...at, distance: 0 })) return;
    const { frameOfReference } = place.plane;
    this.show({ frameOfReference, at: toPatient(place.plane, at.row, at.column) }, reading);
  }

  /** Show a point of the patient, in all viewports but the one where it was chosen. */
  show(mark: Mark, from: Reading | null = null): void {
    this.arrange(() => {
      this.mark.value = mark;
      for (const reading of this.reader.visible.value) {
        if (reading === from || (from && !isSamePatient(from.tile.study, reading.tile.study))) continue;
        const { viewport } = reading;
        const slice = sliceHolding(this.planesOf(viewport.source), mark);
        if (slice !== null) viewport.goTo(slice);
      }
    });
  }

  /** Where the mark lies on the picture on the screen, in image space; null on one that does not hold it. */
  markOn({ viewport }: Reading): Point | null {
    const [mark, shown] = [this.mark.value, viewport.shown.value];
    if (!mark || !shown || !holds(this.planesOf(viewport.source), shown.index, mark)) return null;
    const pixel = shown.place.plane && toPixel(shown.place.plane, mark.at);
    return pixel && { x: pixel.column + 0.5, y: pixel.row + 0.5 };
  }

  /** Why a point of one picture cannot be found in another one; null where it can. */
  refusal(from: Reading, to: Reading): MessageKey | null {
    if (!isSamePatient(from.tile.study, to.tile.study)) return "link.refused.patient";
    const [own, its] = [from, to].map(({ viewport }) => viewport.shown.value?.place.plane ?? null);
    if (!own || !its) return "link.refused.unknown";
    return own.frameOfReference === its.frameOfReference ? null : "link.refused.frame";
  }

  /** What a viewport does together with another one that is on the screen. */
  signs(reading: Reading): readonly Sign[] {
    const { links, visible } = this.reader;
    const { scroll, window, place } = links.value;
    const others = visible.value.filter(
      (other) => other !== reading && isSamePatient(other.tile.study, reading.tile.study),
    );
    const standing = this.standing(reading);
    const scrolls = others.some((other) => relationOf(standing, this.standing(other), scroll) !== null);
    return [
      ...(scrolls ? (["scroll"] as const) : []),
      ...(window && others.some((other) => this.sharesWindow(reading, other)) ? (["window"] as const) : []),
      ...(place && others.length > 0 ? (["place"] as const) : []),
    ];
  }

  /**
   * Follow one property of all viewports. One that alone has changed leads. Those that are new on the screen follow; so do
   * all when the link is made, the active one leading. Several that change at once were put there: nobody leads.
   */
  private watch<Value>(
    link: () => unknown,
    valueOf: (reading: Reading) => Value,
    same: (a: Value, b: Value) => boolean,
    lead: (leader: Reading, followers: readonly Reading[]) => void,
    arranged: (readings: readonly Reading[]) => void = () => undefined,
    isReady: (reading: Reading) => boolean = () => true,
  ): () => void {
    let seen = new Map<Reading, Value>();
    let linkBefore: unknown = null;
    return effect(() => {
      const linkNow = link();
      const readings = this.reader.visible.value.filter(isReady);
      const now = new Map(readings.map((reading) => [reading, valueOf(reading)]));
      untracked(() => {
        const isOn = linkNow !== false && linkNow !== "off";
        const active = this.reader.current.value;
        const changed = readings.filter((one) => {
          const before = seen.get(one);
          return before !== undefined && !same(before, now.get(one) as Value);
        });
        const isFresh = readings.some((one) => !seen.has(one));
        const isLinked = linkBefore !== null && linkNow !== linkBefore;
        const known = readings.filter((one) => seen.has(one));
        const leader =
          changed.length === 1 && !isFresh && !isLinked
            ? changed[0]
            : changed.length === 0 && (isFresh || isLinked)
              ? (known.find((one) => one === active) ?? known[0])
              : undefined;
        if (isFresh || isLinked || changed.length > 1 || this.isArranging) arranged(readings);
        if (isOn && leader && !this.isArranging)
          lead(
            leader,
            readings.filter((one) => one !== leader && isSamePatient(one.tile.study, leader.tile.study)),
          );
        linkBefore = linkNow;
        seen = new Map(readings.map((reading) => [reading, valueOf(reading)]));
      });
    });
  }

  private anchor(readings: readonly Reading[]): void {
    this.anchors.clear();
    for (const reading of readings) this.anchors.set(reading, reading.viewport.index.value);
  }

  private scroll(leader: Reading, followers: readonly Reading[]): void {
    const { scroll } = this.reader.links.value;
    const ahead = this.standing(leader);
    for (const follower of followers) {
      const slice = followingSlice(ahead, this.standing(follower), scroll);
      if (slice !== null) follower.viewport.goTo(slice);
    }
  }

  private place(leader: Reading, followers: readonly Reading[]): void {
    const like = lying(leader);
    if (!like) return;
    for (const follower of followers) {
      const own = lying(follower);
      if (own) follower.viewport.placement.value = placedLike(like, own);
    }
  }

  /** Whether the numbers of a window mean the same for both. */
  private sharesWindow(a: Reading, b: Reading): boolean {
    const [one, other] = [placeOf(a), placeOf(b)];
    return (
      one !== null &&
      other !== null &&
      a.series.modality === b.series.modality &&
      one.unit === other.unit &&
      !one.colour &&
      !other.colour
    );
  }
}

function placeOf({ viewport }: Reading): Place | null {
  return viewport.source.at(viewport.index.value);
}

function lying(reading: Reading): Lying | null {
  const place = placeOf(reading);
  const { size, placement } = reading.viewport;
  if (!place || size.value.width === 0) return null;
  return { image: place.geometry, viewport: size.value, placement: placement.value, plane: place.plane };
}

/** What is shared of a look: colours and filters are each picture's own. */
function windowOf({ window, invert }: Look): Pick<Look, "window" | "invert"> {
  return { window, invert };
}

function sameLook(a: Look, b: Look): boolean {
  return a.invert === b.invert && sameWindow(a.window, b.window);
}
