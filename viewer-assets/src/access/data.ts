/** What the server tells of launches and links. */
import type { KnownLink } from "../list/links";

/** Somebody whom an EHR has sent here for one patient. */
export interface KnownLaunch {
  readonly id: string;
  readonly ehr: string;
  /** Who reads; empty where the EHR has not told. */
  readonly user: string;
  readonly patientId: string;
  readonly studies: number;
  readonly begun: string;
  /** Null where nobody reads by it any more. */
  readonly lastUsed: string | null;
  readonly expires: string;
  readonly state: "open" | "ended";
}

export interface AccessPageData {
  readonly user: string;
  /** So many rows of each list are shown at once. */
  readonly page: number;
  /** Whether an EHR is configured that could send somebody. */
  readonly hasEhr: boolean;
  readonly launches: readonly KnownLaunch[];
  readonly links: readonly KnownLink[];
}

/** What is to be ended, if its person is sure. */
export type Ending =
  | { readonly kind: "launch"; readonly what: KnownLaunch }
  | { readonly kind: "link"; readonly what: KnownLink };

/** Whether somebody can see images by a link: by opening it, or since they read by it now. */
export function isOpen(link: KnownLink): boolean {
  return link.state === "open" || (link.state === "used" && link.lastUsed !== null);
}
