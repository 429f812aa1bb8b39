/** What the server says on the set-up page; `plugin/sightline/openemr/setup/routes.py` writes it. */

export interface SetupData {
  readonly user: string;
  readonly publicUrl: string;
  /** EHRs that are configured. */
  readonly issuers: readonly {
    readonly name: string;
    readonly issuer: string;
    /** File of the authority of its certificate; empty where none is named. */
    readonly authority: string;
  }[];
  /** Names of the self-tests. */
  readonly tests: readonly string[];
}

export type CheckState = "ok" | "warning" | "failed" | "skipped";

export interface Check {
  readonly id: string;
  readonly state: CheckState;
  readonly seen: string;
  readonly advice: string;
}

export interface CheckAnswer {
  readonly fhir: string;
  readonly origin: string;
  /** Whether it knows the scopes of SMART 2. */
  readonly v2: boolean;
  readonly checks: readonly Check[];
}

export interface Entry {
  readonly place: string;
  readonly label: string;
  readonly value: string;
}

export interface Plan {
  readonly registration: string;
  readonly curl: string;
  /** Registers the client that asks for what orders leave out; null where it is not needed. */
  readonly backend: string | null;
  readonly entries: readonly Entry[];
  readonly configuration: string;
}

/** `source` is empty until somebody has decided. */
export interface Rule {
  readonly source: "" | "pubpid" | "pid";
  readonly prefix: string;
  readonly issuer: string;
}

export interface Example {
  readonly id: string;
  readonly name: string;
}

export interface Tried {
  readonly stored: string;
  readonly made: string;
  readonly fits: boolean;
}

export interface TestResult {
  /** Null where it is not set up. */
  readonly ok: boolean | null;
  readonly seen: string;
  readonly advice: string;
}
