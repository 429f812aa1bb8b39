/** What the server says of orders. */

/** A tab of the page: orders in a state, or one of the two other lists. */
export type Tab = "" | "scheduled" | "needs-modality" | "completed" | "cancelled" | "held" | "codes";

export type Counts = Readonly<
  Record<"scheduled" | "needs-modality" | "completed" | "cancelled" | "held", number>
>;

export interface OrdersPageData {
  readonly user: string;
  /** By which ways orders come in here; none where nothing is set up. */
  readonly ways: readonly ("folder" | "sftp" | "mllp" | "fhir")[];
  readonly counts: Counts;
}

/** A study that names an order; with a problem it is not linked. */
export interface OrderStudy {
  readonly uid: string;
  readonly problem: "" | "patient-id" | "issuer" | "birth-date" | "family-name" | "accession-number";
}

export interface Order {
  readonly accessionNumber: string;
  readonly placerOrderNumber: string;
  readonly line: number;
  readonly code: string;
  readonly codeText: string;
  readonly sender: string;
  readonly patientId: string;
  readonly patientName: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly requester: string;
  readonly priority: string;
  readonly modality: string;
  readonly stationAet: string;
  readonly stationName: string;
  readonly description: string;
  readonly status: "scheduled" | "completed" | "cancelled";
  readonly scheduled: string | null;
  readonly received: string;
  readonly changed: string;
  readonly studies: readonly OrderStudy[];
}

export interface OrdersAnswer {
  readonly orders: readonly Order[];
  readonly more: boolean;
  readonly counts: Counts;
}

/** A message in quarantine. */
export interface Held {
  readonly id: string;
  readonly source: "folder" | "sftp" | "mllp" | "fhir";
  readonly name: string;
  readonly code: string;
  readonly reason: string;
  readonly received: string;
  readonly text: string;
}

/** A row of the map: an empty sender stands for all, an empty code for all others. */
export interface Code {
  readonly sender: string;
  readonly code: string;
  readonly modality: string;
  readonly stationAet: string;
  readonly stationName: string;
  readonly description: string;
}

/** A code that orders wait for. */
export interface Waiting {
  readonly sender: string;
  readonly code: string;
  readonly text: string;
  readonly orders: number;
}

export interface CodesAnswer {
  readonly codes: readonly Code[];
  readonly waiting: readonly Waiting[];
}
