/** When something was, as people say it. */

/** The time of day; of another day with its date. Empty for what is no time. */
export function timeText(value: string | Date, now = new Date()): string {
  const time = typeof value === "string" ? new Date(value) : value;
  if (Number.isNaN(time.getTime())) return "";
  const isToday = time.toDateString() === now.toDateString();
  return isToday
    ? time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" })
    : time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
