/** Filters of the study list: what is typed stays out of the URL, the rest is in it. Pure. */

/** What the list is narrowed to, and its order. Dates are YYYYMMDD; empty strings match everything. */
export interface Filters {
  readonly text: string;
  readonly from: string;
  readonly to: string;
  readonly modality: string;
  readonly body: string;
  readonly label: string;
  readonly state: string;
  /** A column of `SORTS`, after a minus sign for falling order. */
  readonly sort: string;
}

export const NO_FILTERS: Filters = {
  text: "",
  from: "",
  to: "",
  modality: "",
  body: "",
  label: "",
  state: "",
  sort: "",
};

/** What may stand in a URL. */
export const URL_NAMES = ["from", "to", "modality", "body", "label", "state", "sort"] as const;

/** Date ranges on offer. `days` 0 is today only; null is any date. */
export const DATE_RANGES = [
  { id: "any", days: null },
  { id: "today", days: 0 },
  { id: "week", days: 6 },
  { id: "month", days: 29 },
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

/** Body parts: how they are named here, and which defined terms (PS3.16 annex L) they stand for. */
export const BODY_PARTS = [
  ["head", "HEAD,BRAIN,SKULL,ORBIT,FACE,SINUS,JAW,TMJOINT"],
  ["neck", "NECK,CSPINE,CAROTID,THYROID"],
  ["chest", "CHEST,THORAX,LUNG,HEART,RIB,CLAVICLE,STERNUM"],
  ["breast", "BREAST"],
  ["abdomen", "ABDOMEN,LIVER,KIDNEY,PANCREAS,SPLEEN,STOMACH"],
  ["pelvis", "PELVIS,HIP,PROSTATE,UTERUS,BLADDER"],
  ["spine", "SPINE,CSPINE,TSPINE,LSPINE,SSPINE,WHOLESPINE"],
  ["arm", "SHOULDER,ARM,HUMERUS,ELBOW,FOREARM,WRIST,HAND,FINGER"],
  ["leg", "LEG,FEMUR,THIGH,KNEE,TIBIA,ANKLE,FOOT,TOE"],
] as const;

export const STATES = ["new", "opened", "reported"] as const;

/** Columns that the list can be sorted by, with the order that is meant at first. */
export const SORTS = {
  date: "-date",
  name: "name",
  modality: "modality",
  description: "description",
} as const;
export type SortColumn = keyof typeof SORTS;

export const SORT_DEFAULT = "-date";

/** Which way a column is sorted now. */
export function sortOf(filters: Filters, column: SortColumn): "ascending" | "descending" | "none" {
  const sort = filters.sort || SORT_DEFAULT;
  if (sort.replace("-", "") !== column) return "none";
  return sort.startsWith("-") ? "descending" : "ascending";
}

/** The order after a click on a column: its own, and the other way at the next click. */
export function nextSort(filters: Filters, column: SortColumn): string {
  const now = sortOf(filters, column);
  const next = now === "none" ? SORTS[column] : now === "ascending" ? `-${column}` : column;
  return next === SORT_DEFAULT ? "" : next;
}

/** Switch one chip of a list of codes on or off. */
export function toggled(codes: string, chip: string): string {
  const [now, wanted] = [codes.split(",").filter(Boolean), chip.split(",")];
  const rest = now.filter((code) => !wanted.includes(code));
  return (holds(codes, chip) ? rest : [...rest, ...wanted]).join(",");
}

/** Whether all codes of a chip are among these. */
export function holds(codes: string, chip: string): boolean {
  const now = codes.split(",");
  return chip.split(",").every((code) => now.includes(code));
}

/** A day as DICOM writes it. */
export function dicomDate(date: Date): string {
  const [month, day] = [date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0"));
  return `${date.getFullYear()}${month}${day}`;
}

/** A day as date fields have it, `YYYY-MM-DD`, and back. */
export function fieldDate(date: string): string {
  return date.length === 8 ? `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}` : "";
}

/** First day of a range that ends today; empty for any date. */
export function rangeStart(range: DateRange, now: Date): string {
  if (range.days === null) return "";
  return dicomDate(new Date(now.getFullYear(), now.getMonth(), now.getDate() - range.days));
}

/** Which range a filter's first day belongs to; null for days that somebody chose. */
export function rangeOf(filters: Filters, now: Date): DateRange["id"] | null {
  return (
    DATE_RANGES.find((range) => rangeStart(range, now) === filters.from && filters.to === "")?.id ?? null
  );
}

/** The part of the filters that may stand in a URL, with a leading question mark unless there is none. */
export function urlQuery(filters: Filters): string {
  const query = new URLSearchParams();
  for (const name of URL_NAMES) if (filters[name]) query.set(name, filters[name]);
  const text = query.toString().replaceAll("%2C", ",");
  return text ? `?${text}` : "";
}

/** The filters of a URL's query, with what was typed. */
export function fromUrl(search: string, text: string): Filters {
  const query = new URLSearchParams(search);
  const named = Object.fromEntries(URL_NAMES.map((name) => [name, query.get(name) ?? ""]));
  return { ...NO_FILTERS, ...named, text };
}

/** Whether anything is narrowed at all. */
export function isFiltered(filters: Filters): boolean {
  return Object.entries(filters).some(([name, value]) => name !== "sort" && value !== "");
}
