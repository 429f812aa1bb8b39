/** How far apart two studies are, as people say it; the same bounds as the server's `prior_ranking.distance`. */
import { plural, t } from "../messages";

const DAYS_OF_MONTH = 30.4375;
const DAYS_OF_YEAR = 365.25;

/** "14 months before"; `days` counts from the other study to the current one, null where a date is missing. */
export function apart(days: number | null): string {
  if (days === null) return t("prior.unknown");
  if (days === 0) return t("prior.sameDay");
  const size = Math.abs(days);
  const side = days > 0 ? "before" : "after";
  if (size < 60) return plural(`prior.days.${side}`, size);
  if (size < 2 * DAYS_OF_YEAR) return plural(`prior.months.${side}`, Math.round(size / DAYS_OF_MONTH));
  return plural(`prior.years.${side}`, Math.round(size / DAYS_OF_YEAR));
}
