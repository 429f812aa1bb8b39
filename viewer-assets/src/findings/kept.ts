/** What the server says of findings, and is told of them: `…/studies/<uid>/findings`. */
import type { Finding } from "./model";

/** A finding as the server has it: null where it was removed. */
export interface Kept {
  readonly finding: Finding | null;
  /** Grows with every change of the study's findings. */
  readonly revision: number;
  readonly author: string;
  /** When, ISO 8601. */
  readonly changed: string;
}

/** `GET findings`; with `?since=` only what changed after that revision. */
export interface FindingsAnswer {
  readonly revision: number;
  readonly mayAnnotate: boolean;
  readonly findings: readonly (Kept & { readonly finding: Finding })[];
  readonly removed?: readonly {
    readonly id: string;
    readonly revision: number;
    readonly author: string;
    readonly changed: string;
  }[];
  readonly saved: Saved | null;
  /** Why the newest findings are in no report yet, where storing it failed. */
  readonly problem?: string | null;
}

/** The report that holds the findings up to that revision. */
export interface Saved {
  readonly revision: number;
  /** SOP Instance UID. */
  readonly instance: string;
  readonly time: string;
  /** Which report of this study it is, from 1. */
  readonly version?: number;
}

/** One change; `base` is the revision that it starts from, 0 for a new finding. */
export type Change =
  { readonly finding: Finding; readonly base: number } | { readonly remove: string; readonly base: number };

export interface ChangesAnswer {
  readonly revision: number;
  readonly results: readonly Result[];
  readonly saved?: Saved | null;
}

/** Of one change: its revision, or what somebody else made of the finding meanwhile. */
export type Result =
  { readonly id: string; readonly revision: number } | { readonly id: string; readonly conflict: Kept };

/** Whose finding a change is of. */
export function idOf(change: Change): string {
  return "finding" in change ? change.finding.id : change.remove;
}

/** Whether both say the same; null is a finding that is not there. */
export function isSame(a: Finding | null, b: Finding | null): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  return isSameBut(a, b, []);
}

/** Whether they differ in nothing but those of their parts. */
export function isSameBut(a: Finding, b: Finding, parts: readonly (keyof Finding)[]): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)] as (keyof Finding)[]);
  return [...names].every(
    (name) => parts.includes(name) || a[name] === b[name] || text(a[name]) === text(b[name]),
  );
}

function text(value: unknown): string {
  return JSON.stringify(value ?? null);
}
