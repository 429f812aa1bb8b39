/** The same finding in two studies: how its size changed, and the sum of diameters as RECIST 1.1 has it. Pure. */
import type { MessageKey } from "../messages";
import type { Measured, Quantity, QuantityName } from "./measured";
import type { Finding } from "./model";

/** A finding with what is measured of it. */
export interface Sized {
  readonly finding: Finding;
  readonly measured: Measured;
}

/** What has one Tracking Unique Identifier; a side is null where the study has no such finding. */
export interface Pair {
  readonly tracking: string;
  readonly prior: Sized | null;
  readonly current: Sized | null;
  /** Why it cannot be compared; null where it can. */
  readonly problem: MessageKey | null;
}

/** A size in mm that means the same in every study, or why there is none. */
export type Diameter =
  | { readonly value: number; readonly uncertainty: number; readonly problem: null }
  | { readonly value: null; readonly problem: MessageKey };

export interface Change {
  readonly absolute: number;
  /** Of the size before; null where that was nothing. */
  readonly percent: number | null;
  /** Whether it is more than both measurements may be wrong by. */
  readonly isCertain: boolean;
}

/** A finding that is counted; of a lymph node the short axis is. */
export interface Target {
  readonly pair: Pair;
  readonly isNode: boolean;
}

export interface Sum {
  readonly prior: number;
  readonly current: number;
  readonly change: Change;
}

/** The most targets that RECIST 1.1 has, and the least sizes in mm at which it takes them. */
export const MOST_TARGETS = 5;
export const LEAST_MM = 10;
export const LEAST_NODE_MM = 15;

/** What is in either study, by its tracking; findings that both have come first. */
export function pairsOf(current: readonly Sized[], prior: readonly Sized[]): readonly Pair[] {
  const trackings = [...new Set([...current, ...prior].map(({ finding }) => finding.tracking))];
  const pairs = trackings.map((tracking): Pair => {
    const [here, there] = [current, prior].map((side) =>
      side.filter(({ finding }) => finding.tracking === tracking),
    ) as [Sized[], Sized[]];
    const isTwice = here.length > 1 || there.length > 1;
    return {
      tracking,
      current: here[0] ?? null,
      prior: there[0] ?? null,
      problem: isTwice ? "findings.track.twice" : null,
    };
  });
  const rank = ({ current: here, prior: there }: Pair): number => (here && there ? 0 : 1);
  return pairs.sort((a, b) => rank(a) - rank(b));
}

/** The longest diameter, or the short axis, of a finding in mm. */
export function diameterOf(sized: Sized | null, isNode: boolean): Diameter {
  if (!sized) return { value: null, problem: "findings.track.missing" };
  const { tool } = sized.finding;
  if (tool !== "bidirectional" && (isNode || tool !== "length"))
    return { value: null, problem: isNode ? "findings.track.noShortAxis" : "findings.track.noDiameter" };
  const quantity = quantityOf(sized, isNode ? "shortAxis" : "length");
  if (!quantity || quantity.unit !== "mm") return { value: null, problem: "findings.track.noMm" };
  if (quantity.isBound) return { value: null, problem: "findings.track.bound" };
  return { value: quantity.value, uncertainty: quantity.uncertainty ?? 0, problem: null };
}

function quantityOf({ measured }: Sized, name: QuantityName): Quantity | undefined {
  return measured.quantities.find((one) => one.name === name);
}

/** How a pair's size changed; null where one of them has none. */
export function changeOf(pair: Pair, isNode: boolean): Change | null {
  if (pair.problem) return null;
  return difference(diameterOf(pair.prior, isNode), diameterOf(pair.current, isNode));
}

function difference(before: Diameter, after: Diameter): Change | null {
  if (before.value === null || after.value === null) return null;
  const absolute = after.value - before.value;
  return {
    absolute,
    percent: before.value > 0 ? (100 * absolute) / before.value : null,
    isCertain: Math.abs(absolute) > before.uncertainty + after.uncertainty,
  };
}

/** The sums of all targets; null where there is none, or where one of them has no size in either study. */
export function sumOf(targets: readonly Target[]): Sum | null {
  if (targets.length === 0 || targets.some(({ pair }) => pair.problem !== null)) return null;
  const [prior, current] = (["prior", "current"] as const).map((side) =>
    total(targets.map(({ pair, isNode }) => diameterOf(pair[side], isNode))),
  ) as [Diameter, Diameter];
  const change = difference(prior, current);
  return change && prior.value !== null && current.value !== null
    ? { prior: prior.value, current: current.value, change }
    : null;
}

/** Errors of hand and pixel are independent from target to target. */
function total(diameters: readonly Diameter[]): Diameter {
  let [value, variance] = [0, 0];
  for (const one of diameters) {
    if (one.value === null) return one;
    value += one.value;
    variance += one.uncertainty ** 2;
  }
  return { value, uncertainty: Math.sqrt(variance), problem: null };
}

/** What about the targets is not as RECIST 1.1 wants them. */
export function objections(targets: readonly Target[]): readonly MessageKey[] {
  const isSmall = ({ pair, isNode }: Target): boolean => {
    const { value } = diameterOf(pair.prior, isNode);
    return value !== null && value < (isNode ? LEAST_NODE_MM : LEAST_MM);
  };
  return [
    ...(targets.length > MOST_TARGETS ? (["findings.recist.tooMany"] as const) : []),
    ...(targets.some(isSmall) ? (["findings.recist.small"] as const) : []),
  ];
}

/**
 * The findings that change when two are said to be the same: all that go with `current` go with `prior` from now on. Null
 * where a study would have the finding twice.
 */
export function joined(
  findings: Iterable<Finding>,
  current: Finding,
  prior: Finding,
): readonly Finding[] | null {
  const all = [...findings];
  const [moving, staying] = [current, prior].map(({ tracking }) =>
    all.filter((one) => one.tracking === tracking),
  ) as [Finding[], Finding[]];
  if (current.tracking === prior.tracking) return [];
  const studies = [...moving, ...staying].map(({ study }) => study);
  if (new Set(studies).size < studies.length) return null;
  return moving.map((one) => ({ ...one, tracking: prior.tracking }));
}
