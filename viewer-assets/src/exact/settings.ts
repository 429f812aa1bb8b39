/** What a person may set of pictures on the device. No patient data: it may stay in the browser. */
import { effect, signal } from "@preact/signals";

/** Fetch exact frames when the line allows it, on any line, or not at all. */
export type LocalFrames = "auto" | "always" | "never";

const STORED = "sightline.local";
const MEBIBYTE = 1 << 20;
/** Bounds of the setting. */
export const CACHE_LIMITS = [32 * MEBIBYTE, 2048 * MEBIBYTE] as const;

/** Bytes of exact frames by default: `memory` is the device's in GiB, where the browser says it. */
export function defaultCacheBytes(memory: number | undefined, touch: boolean): number {
  if (memory !== undefined && memory <= 2) return 64 * MEBIBYTE;
  if ((memory !== undefined && memory <= 4) || touch) return 128 * MEBIBYTE;
  return 256 * MEBIBYTE;
}

/** Read what was stored; anything else is the default. */
export function parseSettings(text: string | null, bytes: number): { mode: LocalFrames; bytes: number } {
  const { mode, bytes: stored } = parsed(text);
  return {
    mode: mode === "always" || mode === "never" ? mode : "auto",
    bytes:
      typeof stored === "number" && stored >= CACHE_LIMITS[0] ? Math.min(stored, CACHE_LIMITS[1]) : bytes,
  };
}

function parsed(text: string | null): { mode?: unknown; bytes?: unknown } {
  try {
    return (JSON.parse(text ?? "{}") as { mode?: unknown; bytes?: unknown } | null) ?? {};
  } catch {
    return {};
  }
}

const { deviceMemory } = (globalThis.navigator ?? {}) as { deviceMemory?: number };
const byDefault = defaultCacheBytes(
  deviceMemory,
  globalThis.matchMedia?.("(pointer: coarse)").matches ?? false,
);
const initial = parseSettings(read(), byDefault);

export const localFrames = signal<LocalFrames>(initial.mode);
/** How many bytes of exact frames are kept at most. */
export const cacheBytes = signal(initial.bytes);

let written = JSON.stringify(initial);
effect(() => {
  const text = JSON.stringify({ mode: localFrames.value, bytes: cacheBytes.value });
  if (text !== written) write(text);
  written = text;
});

/** Frames of other sites, and some private windows, have no storage: then settings last as long as the page. */
function read(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

function write(text: string): void {
  try {
    localStorage.setItem(STORED, text);
  } catch {
    // See `read`.
  }
}
