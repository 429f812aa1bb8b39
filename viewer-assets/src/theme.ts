/** How pages look as a whole: attributes of the root element that the style sheet looks at. */
import { stored } from "./stored";

export const THEMES = ["dark", "light", "contrast", "system"] as const;
export const TEXT_SIZES = ["small", "normal", "large", "largest"] as const;
export const SIDES = ["left", "right"] as const;
export type Theme = (typeof THEMES)[number];
export type TextSize = (typeof TEXT_SIZES)[number];
export type Side = (typeof SIDES)[number];

/** Whether a value is one of these. */
export function oneOf<Value>(values: readonly Value[]): (value: unknown) => value is Value {
  return (value): value is Value => (values as readonly unknown[]).includes(value);
}

/** What the system asks for is looked at again whenever it changes. */
const SYSTEM = ["(prefers-contrast: more)", "(prefers-color-scheme: light)"] as const;

export function showTheme(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme === "system" ? systemTheme() : theme;
}

export function showTextSize(size: TextSize): void {
  document.documentElement.dataset["text"] = size;
}

/** Call `listener` when the system's own theme changes. */
export function onSystemTheme(listener: () => void): void {
  for (const query of SYSTEM) matchMedia(query).addEventListener("change", listener);
}

function systemTheme(): Theme {
  const [contrast, light] = SYSTEM.map((query) => matchMedia(query).matches);
  return contrast ? "contrast" : light ? "light" : "dark";
}

/** For pages that have no settings of their own: show what was kept. */
export function showStoredTheme(): void {
  const [theme, text] = [stored("theme"), stored("text")];
  showTheme(oneOf(THEMES)(theme) ? theme : "dark");
  if (oneOf(TEXT_SIZES)(text)) showTextSize(text);
}
