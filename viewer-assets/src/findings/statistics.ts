/** What the pixels of a region say: asked of the server once the region rests, kept while the page is open. */
import { signal } from "@preact/signals";
import { postJson } from "../api";
import { t } from "../messages";
import type { Place } from "../study/source";
import type { Measured, Quantity } from "./measured";
import { TOOLS, type Finding } from "./model";
import { originLine } from "./say";

/** The answer to `POST …/frames/<number>/statistics`. */
export interface StatisticsAnswer {
  readonly quantities: readonly Quantity[];
  /** Of the values. */
  readonly unit: string;
  /** What values these are, as "rescaled stored values"; empty where there are none. */
  readonly origin: string;
  /** Why some or all numbers are missing. */
  readonly reason: string | null;
}

/** Sends a region to the server. */
export type Post = (path: string, body: unknown, signal: AbortSignal) => Promise<StatisticsAnswer>;

/** So many are remembered. */
const MOST_KEPT = 1000;
/** Requests at once: pictures come first. */
const TOGETHER = 2;

/** Whether there is anything to ask: only regions have values, and only those of a stored frame are known there. */
export function hasStatistics({ tool }: Finding, place: Place): boolean {
  return TOOLS[tool].isRegion && "instance" in place.source;
}

/** Made once of each outline: findings are said again whenever the picture moves. */
const written = new WeakMap<Finding["points"], string>();

/** Changes when the region does, or the stored file. Name, colour and the like change no number. */
export function statisticsKey({ series, instance, frame, tool, points }: Finding, place: Place): string {
  const outline = written.get(points) ?? points.join(" ");
  written.set(points, outline);
  return `${place.exact?.key ?? ""} ${series}/${instance}/${frame} ${tool} ${outline}`;
}

const COLOUR = refusal(t("measure.reason.colour"));

/** A region that somebody looks at. */
interface Wanted {
  readonly finding: Finding;
  readonly place: Place;
}

export class RegionStatistics {
  private readonly kept = signal<ReadonlyMap<string, StatisticsAnswer>>(new Map());
  private readonly failed = new Set<string>();
  private readonly shown = new Map<object, ReadonlyMap<string, Wanted>>();
  private readonly running = new Map<string, AbortController>();

  constructor(private readonly post: Post = postJson) {}

  /** What is known of a region by now; null: nothing is, or there is nothing to know. */
  known(finding: Finding, place: Place): StatisticsAnswer | null {
    if (!hasStatistics(finding, place)) return null;
    if (place.colour) return COLOUR;
    return this.kept.value.get(statisticsKey(finding, place)) ?? null;
  }

  /**
   * Ask for what is not known yet of the findings that `by` shows now, all of one place. What nobody shows any more, or not
   * with these points, is not waited for. To be called when the hand rests.
   */
  want(by: object, findings: readonly Finding[], place: Place | null): void {
    const before = this.shown.get(by);
    const shown = new Map<string, Wanted>();
    for (const finding of findings) {
      if (!place || place.colour || !hasStatistics(finding, place)) continue;
      const key = statisticsKey(finding, place);
      shown.set(key, { finding, place });
      // What went wrong is tried again when it is looked at again, not over and over.
      if (!before?.has(key) && this.failed.delete(key)) this.forget(key);
    }
    if (shown.size > 0) this.shown.set(by, shown);
    else this.shown.delete(by);
    for (const [key, abort] of this.running) if (!this.isShown(key)) abort.abort();
    this.advance();
  }

  /** The answer itself, for files and reports. Never throws; what went wrong is the answer's reason. */
  async fetch(finding: Finding, place: Place, stop: AbortSignal): Promise<StatisticsAnswer> {
    const key = statisticsKey(finding, place);
    const before = this.failed.has(key) ? null : this.known(finding, place);
    if (before) return before;
    const { study, series, instance, frame, tool, points } = finding;
    const path = `sightline/api/studies/${study}/series/${series}/instances/${instance}/frames/${frame}/statistics`;
    try {
      const answer = await this.post(path, { tool, points }, stop);
      this.failed.delete(key);
      this.keep(key, answer);
      return answer;
    } catch (error) {
      const answer = refusal(error instanceof Error ? error.message : String(error));
      if (!stop.aborted) {
        this.failed.add(key);
        this.keep(key, answer);
      }
      return answer;
    }
  }

  private isShown(key: string): boolean {
    return [...this.shown.values()].some((some) => some.has(key));
  }

  private advance(): void {
    for (const some of this.shown.values())
      for (const [key, { finding, place }] of some) {
        if (this.running.size >= TOGETHER) return;
        if (!this.running.has(key) && !this.kept.peek().has(key)) void this.run(key, finding, place);
      }
  }

  private async run(key: string, finding: Finding, place: Place): Promise<void> {
    const abort = new AbortController();
    this.running.set(key, abort);
    await this.fetch(finding, place, abort.signal);
    this.running.delete(key);
    this.advance();
  }

  private forget(key: string): void {
    const next = new Map(this.kept.peek());
    next.delete(key);
    this.kept.value = next;
  }

  private keep(key: string, answer: StatisticsAnswer): void {
    const next = new Map(this.kept.peek());
    next.set(key, answer);
    const [oldest] = next.keys();
    if (next.size > MOST_KEPT && oldest !== undefined) next.delete(oldest);
    this.kept.value = next;
  }
}

/** One for the page. */
export const regionStatistics = new RegionStatistics();

/** What is told of a finding's size, and of its pixels. */
export function withStatistics(measured: Measured, answer: StatisticsAnswer | null): Measured {
  if (!answer) return measured;
  const [distances, values] = [originLine({ ...measured, reason: null }), answer.origin];
  const why = [originLine({ ...measured, origin: null }), answer.reason ?? ""].filter((text) => text !== "");
  return {
    quantities: [...measured.quantities, ...answer.quantities],
    origin:
      answer.quantities.length === 0 || values === ""
        ? measured.origin
        : distances === ""
          ? { key: "measure.origin.values", values: { values } }
          : { key: "measure.origin.both", values: { distances, values } },
    reason: why.length > 0 ? { key: "measure.reason.said", values: { reason: why.join(" ") } } : null,
  };
}

function refusal(reason: string): StatisticsAnswer {
  return { quantities: [], unit: "", origin: "", reason };
}
