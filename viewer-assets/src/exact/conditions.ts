/** Whether frames may be fetched that nobody asked for: the person's setting, the line, and whether anybody looks. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { prefetch, type Prefetch } from "../settings";

/** What is known of the line; browsers other than Chromium say nothing. */
export interface Line {
  readonly saveData?: boolean;
  readonly effectiveType?: string;
  readonly type?: string;
}

const SLOW = new Set(["slow-2g", "2g", "3g"]);

/**
 * Whether to fetch. Data saver is obeyed whatever the setting is: the person turned it on for all sites. By itself
 * nothing is fetched over a slow line, nor over a mobile one, where a study may cost money.
 */
export function mayFetch(setting: Prefetch, line: Line, hidden: boolean): boolean {
  if (setting === "never" || hidden || line.saveData === true) return false;
  return setting === "always" || !(SLOW.has(line.effectiveType ?? "") || line.type === "cellular");
}

/** {@link mayFetch} for this page, as it changes. */
export function watchConditions(): ReadonlySignal<boolean> {
  const { connection } = navigator as Navigator & { connection?: Line & EventTarget };
  const line = signal<Line>(readLine(connection));
  const hidden = signal(document.hidden);
  connection?.addEventListener("change", () => {
    line.value = readLine(connection);
  });
  document.addEventListener("visibilitychange", () => {
    hidden.value = document.hidden;
  });
  return computed(() => mayFetch(prefetch.value, line.value, hidden.value));
}

/** A copy: the browser's own object is the same one after a change. */
function readLine({ saveData, effectiveType, type }: Line = {}): Line {
  return {
    ...(saveData !== undefined && { saveData }),
    ...(effectiveType !== undefined && { effectiveType }),
    ...(type !== undefined && { type }),
  };
}
