/** What the server tells of deliveries. */

export const STATES = ["held", "failed", "queued", "waiting", "delivered"] as const;
export type State = (typeof STATES)[number];

export interface Delivery {
  readonly id: string;
  readonly state: State;
  /** A code; empty where there is nothing to say. */
  readonly reason: string;
  /** What the receiver or the network said. */
  readonly detail: string;
  readonly version: number;
  readonly study: string;
  readonly tried: string | null;
  readonly nextTry: string | null;
  /** The rest is missing where the report is. */
  readonly patientName?: string;
  readonly patientId?: string;
  readonly title?: string;
  readonly accession?: string;
  readonly author?: string;
  readonly signed?: string;
}

export interface News {
  readonly counts: Readonly<Partial<Record<State, number>>>;
  /** When a delivery came into another state last. */
  readonly changed: string | null;
}

export interface DeliveryList extends News {
  /** Whether reports are sent anywhere. */
  readonly isOn: boolean;
  readonly deliveries: readonly Delivery[];
  readonly more: boolean;
}

export interface DeliveriesPageData extends DeliveryList {
  readonly user: string;
}
