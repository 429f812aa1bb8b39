/** Measured numbers as people read them: the same everywhere, with unit, uncertainty and origin. No DOM here. */
import { t } from "../messages";
import type { Measured, Quantity, QuantityName } from "./measured";

const MOST_DECIMALS = 3;
/** Below it the first digit of an uncertainty says too little for one digit alone. */
const TWO_DIGITS_BELOW = 2;

/** "12.3 ± 0.5 mm", "≤ 12.3 ± 0.5 mm" of a bound, "34.2 ± 0.4°", "123 px", "−42.7 HU". */
export function said({ value, unit, uncertainty, isBound }: Quantity): string {
  const bound = isBound ? "≤ " : "";
  return `${bound}${number(value, uncertainty)}${unit === "" || unit === "°" ? unit : ` ${unit}`}`;
}

/** What a quantity is called. */
export function quantityName(name: QuantityName): string {
  return t(`measure.quantity.${name}`);
}

/** Where numbers come from, and why some are missing; empty where there is nothing to say. */
export function originLine({ origin, reason }: Measured): string {
  const words = [origin, reason].filter((one) => one !== null);
  return words.map(({ key, values }) => t(key, values)).join(". ");
}

function number(value: number, uncertainty: number | null): string {
  if (uncertainty === null || !(uncertainty > 0)) return fixed(value, decimalsOf(value));
  const decimals = uncertainDecimals(uncertainty);
  // Less than the last digit that is told says nothing.
  const range = fixed(uncertainty, decimals);
  return Number(range) > 0 ? `${fixed(value, decimals)} ± ${range}` : fixed(value, decimals);
}

/** As many decimals as the first digit of the uncertainty has, and one more where that digit is 1. */
function uncertainDecimals(uncertainty: number): number {
  const magnitude = Math.floor(Math.log10(uncertainty));
  const first = uncertainty / 10 ** magnitude;
  const decimals = -magnitude + (first < TWO_DIGITS_BELOW ? 1 : 0);
  return Math.min(MOST_DECIMALS, Math.max(0, decimals));
}

/** Whole numbers as they are, others with three digits that count. */
function decimalsOf(value: number): number {
  if (Number.isInteger(value) || value === 0) return 0;
  return Math.min(MOST_DECIMALS, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
}

/** With a real minus sign, which is as wide as a digit; never a negative zero. */
function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "\u2212");
}
