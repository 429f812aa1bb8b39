/** Values as people read them. Pure: locale and the present day come in as arguments where they matter. */

/** A DICOM person name (PS3.5 6.2.1) as people write it: "Doe^John^M^Dr" becomes "Dr John M Doe". */
export function personName(value: string): string {
  const groups = value.split("=").map((group) => group.trim());
  const group = groups.find((text) => text.replaceAll("^", "").trim() !== "") ?? "";
  const [family = "", given = "", middle = "", prefix = "", suffix = ""] = group
    .split("^")
    .map((part) => part.trim());
  const written = [prefix, given, middle, family].filter(Boolean).join(" ");
  return suffix ? `${written}, ${suffix}` : written;
}

/** Year, month and day of a DICOM date, null when it is none. */
export function parseDate(value: string): Date | null {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(value.trim());
  if (!match) return null;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const date = new Date(year, month - 1, day);
  return date.getMonth() === month - 1 && date.getDate() === day ? date : null;
}

/** Hours and minutes of a DICOM time, as "09:12"; empty when it is none. */
export function clockTime(value: string): string {
  const match = /^(\d{2}):?(\d{2})/.exec(value.trim());
  return match ? `${match[1]}:${match[2]}` : "";
}

/** The full date in the reader's locale; what was stored where it is no date. */
export function fullDate(value: string, locale?: string): string {
  const date = parseDate(value);
  return date ? date.toLocaleDateString(locale, { year: "numeric", month: "short", day: "numeric" }) : value;
}

/** Words for a recent day. */
export interface DayWords {
  readonly today: string;
  readonly yesterday: string;
}

/** "Today 09:12", "Yesterday 17:40" or the full date. */
export function shortDate(value: string, time: string, now: Date, words: DayWords, locale?: string): string {
  const date = parseDate(value);
  if (!date) return value;
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.round((midnight.getTime() - date.getTime()) / 86_400_000);
  if (days === 0) return `${words.today} ${clockTime(time)}`.trim();
  if (days === 1) return `${words.yesterday} ${clockTime(time)}`.trim();
  return fullDate(value, locale);
}

/** Nobody has lived longer: an older birth date stands for an unknown or removed one. */
const OLDEST_YEARS = 125;

/** Completed years between birth and `on`, null when either is unknown or they cannot belong together. */
export function age(birthDate: string, on: string): number | null {
  const born = parseDate(birthDate);
  const then = parseDate(on);
  if (!born || !then || then < born) return null;
  const before =
    then.getMonth() < born.getMonth() ||
    (then.getMonth() === born.getMonth() && then.getDate() < born.getDate());
  const years = then.getFullYear() - born.getFullYear() - (before ? 1 : 0);
  return years > OLDEST_YEARS ? null : years;
}

/** A number with as many decimals as its size needs: 1234, 56.7, 0.0031. */
export function measured(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude >= 100 || Number.isInteger(value)) return signed(Math.round(value));
  if (magnitude >= 1) return signed(Math.round(value * 10) / 10);
  return signed(Number(value.toPrecision(2)));
}

/** A value as it is, but without the digits that only arithmetic made: six that count. */
export function probed(value: number): string {
  return signed(Number(value.toPrecision(Math.abs(value) >= 1e6 ? 12 : 6)));
}

/** With a real minus sign, which is as wide as a digit. */
function signed(value: number): string {
  return String(value).replace("-", "\u2212");
}

/** Bytes in kB, MB or GB, powers of ten. */
export function byteCount(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
