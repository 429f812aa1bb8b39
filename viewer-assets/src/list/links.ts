/** Links as the server tells of them, and how long one may live. Pure. */

export interface KnownLink {
  readonly id: string;
  readonly state: "open" | "revoked" | "expired" | "used";
  readonly studyInstanceUID: string;
  readonly verbs: readonly string[];
  readonly created: string;
  readonly createdBy: string;
  readonly expires: string;
  readonly usesLeft: number | null;
  /** Why, and for whom; may be empty. */
  readonly purpose: string;
  readonly userName: string;
  /** When somebody who still reads by it did so last; else null. */
  readonly lastUsed: string | null;
  /** The rest is missing where the study is. */
  readonly patientId?: string;
  readonly studyDate?: string;
  readonly studyDescription?: string;
}

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
