/** Filters of the study list: what is typed stays out of the URL, the rest is in it. Pure. */

/** What the list is narrowed to. Dates are YYYYMMDD; empty strings match everything. */
export interface Filters {
  readonly text: string;
  readonly from: string;
  readonly to: string;
  readonly modality: string;
}

export const NO_FILTERS: Filters = { text: "", from: "", to: "", modality: "" };

/** Date ranges on offer. `days` 0 is today only; null is any date. */
export const DATE_RANGES = [
  { id: "any", days: null },
  { id: "today", days: 0 },
  { id: "week", days: 6 },
  { id: "month", days: 29 },
  { id: "year", days: 364 },
] as const;

export type DateRange = (typeof DATE_RANGES)[number];

/** Modality chips: what is written on them, and which DICOM modalities they stand for. */
export const MODALITIES = [
  ["CT", "CT"],
  ["MR", "MR"],
  ["XR", "CR,DX,RG"],
  ["US", "US"],
  ["MG", "MG"],
  ["PET", "PT"],
  ["NM", "NM"],
  ["XA", "XA,RF"],
] as const;

/** A day as DICOM writes it. */
export function dicomDate(date: Date): string {
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${date.getFullYear()}${month}${day}`;
}

/** First day of a range that ends today; empty for any date. */
export function rangeStart(range: DateRange, now: Date): string {
  if (range.days === null) return "";
  return dicomDate(new Date(now.getFullYear(), now.getMonth(), now.getDate() - range.days));
}

/** Which range a filter's first day belongs to. */
export function rangeOf(filters: Filters, now: Date): DateRange["id"] | null {
  return (
    DATE_RANGES.find((range) => rangeStart(range, now) === filters.from && filters.to === "")?.id ?? null
  );
}

/** The part of the filters that may stand in a URL, with a leading question mark unless there is none. */
export function urlQuery(filters: Filters): string {
  const query = new URLSearchParams();
  for (const name of ["from", "to", "modality"] as const) if (filters[name]) query.set(name, filters[name]);
  const text = query.toString().replaceAll("%2C", ",");
  return text ? `?${text}` : "";
}

/** Whether anything is narrowed at all. */
export function isFiltered(filters: Filters): boolean {
  return Object.values(filters).some((value) => value !== "");
}
