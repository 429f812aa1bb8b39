import { computed, effect, signal } from "@preact/signals";
import { getJson, request, RequestError } from "../api";
import { urlOf } from "../page";
import {
  EVERYTHING,
  isShown,
  narrowingQuery,
  parseNarrowing,
  modalitiesOf,
  yearsOf,
  type Narrowing,
} from "./choosing";
import type { TimelineData } from "./data";

/** A timer that is set to more rings at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** `closed`: by whoever was here; `ended`: by time, or from elsewhere. */
export type Stay = "here" | "ended" | "closed";

/** What the page of a patient knows, and what can be done with it. */
export class TimelineModel {
  readonly data = signal<TimelineData | null>(null);
  readonly narrowing = signal<Narrowing>(EVERYTHING);
  /** Studies that are to be read side by side. */
  readonly chosen = signal<readonly string[]>([]);
  readonly isLooking = signal(false);
  /** Why the last look, or the last wish, came to nothing. */
  readonly problem = signal("");
  readonly stay = signal<Stay>("here");
  readonly shown = computed(
    () => this.data.value?.studies.filter((study) => isShown(study, this.narrowing.value)) ?? [],
  );
  private readonly launch: string;
  private readonly secondsLeft: number | null;

  constructor(
    data: TimelineData,
    /** Whether another site shows the page in a frame. */
    readonly isFramed: boolean,
  ) {
    this.data.value = data;
    this.launch = data.id;
    this.secondsLeft = data.secondsLeft;
    this.narrow(parseNarrowing(location.search));
  }

  /** Look for what has come since the launch, and be there when the session ends. */
  start(): void {
    effect(() => {
      history.replaceState(history.state, "", location.pathname + narrowingQuery(this.narrowing.value));
    });
    const rest = (this.secondsLeft ?? Infinity) * 1000;
    if (rest < LONGEST_TIMER_MS) setTimeout(() => this.leave("ended"), rest);
    void this.look();
  }

  /** Show these only; what no study has is left out. */
  narrow(change: Partial<Narrowing>): void {
    const wanted = { ...this.narrowing.peek(), ...change };
    const studies = this.data.peek()?.studies ?? [];
    this.narrowing.value = {
      modality: modalitiesOf(studies).includes(wanted.modality) ? wanted.modality : "",
      year: yearsOf(studies).includes(wanted.year) ? wanted.year : "",
    };
  }

  /** Have the server look in the archive once more, and show what there is now. */
  async look(): Promise<void> {
    if (this.isLooking.peek()) return;
    this.isLooking.value = true;
    await this.attempt(async () => {
      await request(`sightline/smart/launches/${this.launch}/look`, { method: "POST" });
      const data = await getJson<TimelineData>(`sightline/api/patients/${this.launch}`);
      if (this.stay.peek() !== "here") return;
      this.data.value = data;
      this.narrow({});
      this.chosen.value = this.chosen.peek().filter((uid) => data.studies.some((study) => study.uid === uid));
    });
    this.isLooking.value = false;
  }

  /** Go on in a tab of its own, which does not share the frame's session: it is given one. */
  async openTab(): Promise<void> {
    // At once: a browser opens a tab only while it answers a click.
    const tab = window.open("about:blank");
    const isDone = await this.attempt(async () => {
      const answer = await request(`sightline/smart/launches/${this.launch}/tab`, { method: "POST" });
      const { url } = (await answer.json()) as { url: string };
      if (!tab) location.assign(url);
      else {
        tab.opener = null;
        tab.location.replace(url);
      }
    });
    if (!isDone) tab?.close();
  }

  /** End the session here. */
  async close(): Promise<void> {
    if (await this.attempt(async () => void (await request("sightline/logout", { method: "POST" }))))
      this.leave("closed");
  }

  /** The address of a study, with one of its documents in front if `instance` names one. */
  addressOf(study: string, instance = ""): string {
    return urlOf(`sightline/studies/${study}${instance ? `?series=${instance}` : ""}`);
  }

  /** Nothing of the patient stays on the screen. */
  private leave(stay: Stay): void {
    this.stay.value = stay;
    this.data.value = null;
  }

  private async attempt(act: () => Promise<void>): Promise<boolean> {
    this.problem.value = "";
    try {
      await act();
      return true;
    } catch (error) {
      if (error instanceof RequestError && error.status === 401) this.leave("ended");
      else this.problem.value = error instanceof Error ? error.message : String(error);
      return false;
    }
  }
}
