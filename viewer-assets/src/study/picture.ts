/** A picture as the server sent it, with what it says of it in its headers. */
import { request } from "../api";
import { parseWindow, type VoiWindow } from "../address";
import type { Loaded } from "./loader";

/** An encoded picture. `window` is the one that was applied; null for colour and for a VOI LUT. */
export interface Picture {
  readonly blob: Blob;
  readonly window: VoiWindow | null;
  readonly lossy: boolean;
}

/** Fetch a picture by its path. What is fetched ahead lets everything go first that somebody waits for. */
export async function fetchPicture(
  path: string,
  signal: AbortSignal,
  ahead: boolean,
): Promise<Loaded<Picture>> {
  const headers: HeadersInit = ahead ? { "Sightline-Prefetch": "1" } : {};
  const response = await request(path, { signal, headers }, !ahead);
  const blob = await response.blob();
  const picture = {
    blob,
    window: parseWindow(response.headers.get("Sightline-Window")),
    lossy: response.headers.get("Sightline-Quality") !== "exact",
  };
  return { picture, bytes: blob.size };
}
