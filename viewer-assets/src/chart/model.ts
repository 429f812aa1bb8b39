/** The state of the page of chart documents. */
import { batch, signal } from "@preact/signals";
import { getJson, postJson, request } from "../api";
import type { ChartDocument, ChartPageData, ChartPatient, Copied, Preview, Pull } from "./data";

const API = "sightline/api/chart";
const LOOK_MS = 1000;

interface Chart {
  readonly patient: ChartPatient;
  readonly documents: readonly ChartDocument[];
}

interface Undone {
  readonly deleted: number;
  readonly kept: number;
  readonly pulls: readonly Pull[];
}

/** What is known of one document by now. */
export interface Progress {
  readonly step: "looking" | "looked" | "copying" | "copied";
  readonly preview?: Preview;
  /** Files that were copied so far, or in all. */
  readonly copied?: Copied;
  readonly done: number;
  readonly problem?: string;
}

export class ChartModel {
  readonly chart = signal<Chart | null>(null);
  readonly isFinding = signal(false);
  readonly problem = signal("");
  readonly progress = signal<Readonly<Record<string, Progress>>>({});
  readonly pulls;
  /** What the last undo has done. */
  readonly undone = signal<Undone | null>(null);

  constructor(readonly data: ChartPageData) {
    this.pulls = signal<readonly Pull[]>(data.pulls);
  }

  async find(number: string): Promise<void> {
    batch(() => {
      this.chart.value = null;
      this.progress.value = {};
      this.problem.value = "";
      this.isFinding.value = true;
    });
    try {
      this.chart.value = await postJson<Chart>(`${API}/find`, { number });
    } catch (error) {
      this.problem.value = sentence(error);
    } finally {
      this.isFinding.value = false;
    }
  }

  async look(document: ChartDocument): Promise<void> {
    this.set(document, { step: "looking", done: 0 });
    try {
      const body = { number: this.number, document: document.id };
      const preview = await postJson<Preview>(`${API}/preview`, body);
      this.set(document, { step: "looked", preview, done: 0 });
    } catch (error) {
      this.set(document, { step: "looked", done: 0, problem: sentence(error) });
    }
  }

  async copy(document: ChartDocument): Promise<void> {
    const { preview } = this.progress.peek()[document.id] ?? {};
    const known = preview === undefined ? {} : { preview };
    this.set(document, { step: "copying", ...known, done: 0 });
    let timer: ReturnType<typeof setInterval> | undefined;
    try {
      const { pull } = await postJson<{ pull: string }>(`${API}/pulls`, { number: this.number });
      timer = setInterval(() => void this.count(document, pull), LOOK_MS);
      const body = { number: this.number, document: document.id };
      const copied = await postJson<Copied>(`${API}/pulls/${pull}`, body);
      this.set(document, { step: "copied", ...known, copied, done: copied.stored });
      this.pulls.value = (await getJson<{ pulls: readonly Pull[] }>(`${API}/pulls`)).pulls;
    } catch (error) {
      this.set(document, { step: "looked", ...known, done: 0, problem: sentence(error) });
    } finally {
      clearInterval(timer);
    }
  }

  async undo(pull: Pull): Promise<void> {
    this.problem.value = "";
    try {
      const response = await request(`${API}/pulls/${pull.id}/undo`, { method: "POST" });
      const answer = (await response.json()) as Undone;
      batch(() => {
        this.pulls.value = answer.pulls;
        this.undone.value = answer;
        this.progress.value = {};
      });
    } catch (error) {
      this.problem.value = sentence(error);
    }
  }

  private get number(): string {
    return this.chart.peek()?.patient.number ?? "";
  }

  private async count(document: ChartDocument, pull: string): Promise<void> {
    try {
      const { stored } = await getJson<{ stored: number }>(`${API}/pulls/${pull}`);
      const now = this.progress.peek()[document.id];
      if (now?.step === "copying") this.set(document, { ...now, done: stored });
    } catch {
      // The copying itself tells what goes wrong.
    }
  }

  private set(document: ChartDocument, progress: Progress): void {
    this.progress.value = { ...this.progress.peek(), [document.id]: progress };
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
