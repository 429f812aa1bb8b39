import { computed, effect, signal, type Signal } from "@preact/signals";
import { getJson, postJson, request } from "../api";
import type { CheckAnswer, Example, Plan, Rule, SetupData, TestResult, Tried } from "./data";

/** What somebody types is sent when they pause. */
const PAUSE_MS = 400;

export const STEPS = ["address", "numbers", "folders", "openemr", "orthanc", "test"] as const;
export type Step = (typeof STEPS)[number];

/** What each step of the page is given. */
export interface StepProps {
  readonly model: SetupModel;
}

/** What an administrator has typed, and what the server said to it. Nothing of it is kept: Orthanc's configuration is. */
export class SetupModel {
  readonly address: Signal<string>;
  readonly authority: Signal<string>;
  readonly rule = signal<Rule>({ source: "", prefix: "", issuer: "" });
  readonly name = signal("openemr");
  readonly client = signal("");
  readonly backend = signal("");
  readonly contact = signal("");
  readonly orders = signal("");
  readonly results = signal("");

  readonly checked = signal<CheckAnswer | null>(null);
  readonly isChecking = signal(false);
  readonly plan = signal<Plan | null>(null);
  readonly examples = signal<readonly Example[] | null>(null);
  /** PatientID in the archive -> that patient's number in the EHR, as typed. */
  readonly numbers = signal<Readonly<Record<string, string>>>({});
  readonly tried = signal<ReadonlyMap<string, Tried>>(new Map());
  readonly tests = signal<ReadonlyMap<string, TestResult>>(new Map());
  /** The self-test that runs. */
  readonly running = signal<string | null>(null);
  /** What went wrong, by step. */
  readonly problems = signal<Readonly<Partial<Record<Step, string>>>>({});

  readonly done = computed<ReadonlySet<Step>>(() => {
    const checks = this.checked.value?.checks ?? [];
    const isConfigured = checks.some(({ id, state }) => id === "configured" && state === "ok");
    const results = [...this.tests.value.values()];
    const found = new Set<Step>();
    if (checks.length > 0 && checks.every(({ state }) => state === "ok" || state === "warning"))
      found.add("address");
    if (this.rule.value.source !== "") found.add("numbers");
    if (this.orders.value || this.results.value) found.add("folders");
    if (isConfigured) found.add("openemr").add("orthanc");
    if (results.length === this.data.tests.length && results.every(({ ok }) => ok !== false))
      found.add("test");
    return found;
  });

  constructor(readonly data: SetupData) {
    this.address = signal(data.issuers[0]?.issuer ?? "");
    this.authority = signal(data.issuers[0]?.authority ?? "");
    effect(() => later(this.wishes.value, (wishes) => void this.makePlan(wishes)));
    effect(() => later(this.trial.value, (trial) => void this.tryRule(trial)));
  }

  /** What a plan is made of; null until enough is known. */
  private readonly wishes = computed(() => {
    const [checked, rule] = [this.checked.value, this.rule.value];
    if (!checked || rule.source === "") return null;
    return {
      address: checked.fhir,
      authority: this.authority.value,
      rule,
      name: this.name.value,
      v2: checked.v2,
      client: this.client.value.trim(),
      backend: this.backend.value.trim(),
      contact: this.contact.value.trim(),
      orders: this.orders.value.trim(),
      results: this.results.value.trim(),
    };
  });

  private readonly trial = computed(() => {
    const rule = this.rule.value;
    const examples = Object.entries(this.numbers.value).filter(([, number]) => number.trim() !== "");
    return rule.source === "" || examples.length === 0
      ? null
      : { rule, examples: Object.fromEntries(examples) };
  });

  /** Have the server look at the EHR. */
  async check(): Promise<void> {
    this.isChecking.value = true;
    await this.attempt("address", async () => {
      const body = { address: this.address.value, authority: this.authority.value.trim() };
      this.checked.value = await postJson<CheckAnswer>("sightline/setup/check", body);
    });
    this.isChecking.value = false;
  }

  /** Get patients of the archive to try the rule on. */
  async findExamples(): Promise<void> {
    await this.attempt("numbers", async () => {
      const answer = await getJson<{ patients: readonly Example[] }>("sightline/setup/examples");
      this.examples.value = answer.patients;
    });
  }

  /** Run all self-tests, one after the other; one that cannot be run has failed. */
  async test(): Promise<void> {
    this.tests.value = new Map();
    for (const name of this.data.tests) {
      this.running.value = name;
      await this.attempt("test", async () => {
        const answer = await request(`sightline/setup/self-tests/${name}`, { method: "POST" });
        const result = (await answer.json()) as TestResult;
        this.tests.value = new Map([...this.tests.peek(), [name, result]]);
      });
      if (this.problems.peek().test) break;
    }
    this.running.value = null;
  }

  private async makePlan(wishes: object | null): Promise<void> {
    if (wishes === null) {
      this.plan.value = null;
      return;
    }
    await this.attempt("openemr", async () => {
      const plan = await postJson<Plan>("sightline/setup/plan", wishes);
      if (this.wishes.peek() === wishes) this.plan.value = plan;
    });
  }

  private async tryRule(trial: object | null): Promise<void> {
    if (trial === null) {
      this.tried.value = new Map();
      return;
    }
    await this.attempt("numbers", async () => {
      const { rows } = await postJson<{ rows: readonly Tried[] }>("sightline/setup/preview", trial);
      if (this.trial.peek() === trial) this.tried.value = new Map(rows.map((row) => [row.stored, row]));
    });
  }

  private async attempt(step: Step, act: () => Promise<void>): Promise<void> {
    try {
      await act();
      this.problems.value = { ...this.problems.peek(), [step]: "" };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.problems.value = { ...this.problems.peek(), [step]: problem };
    }
  }
}

/** Act on the value when it has stayed for a while; what is returned takes it back. */
function later<Value>(value: Value, act: (value: Value) => void): () => void {
  const timer = setTimeout(() => act(value), PAUSE_MS);
  return () => clearTimeout(timer);
}
