/** How long a link may live. Pure. */

const HOURS = [1, 8, 24, 7 * 24, 30 * 24] as const;

/** The lifetimes on offer, in hours: those that the site allows, and its own default. */
export function expiryChoices({
  default: usual,
  maximum,
}: {
  readonly default: number;
  readonly maximum: number;
}): readonly number[] {
  return [...new Set([...HOURS, usual])].filter((hours) => hours <= maximum).sort((a, b) => a - b);
}
