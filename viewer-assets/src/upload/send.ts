/** Sends one file to a request, so that each has its own result and nothing large is held in memory. */
import { RequestError } from "../api";
import { t } from "../messages";
import { urlOf } from "../page";
import type { Source } from "./sources";
import { ZipError } from "./zip";

/** What became of a file. */
export interface Outcome {
  readonly state: "stored" | "present" | "refused" | "skipped";
  readonly reason: string;
  /** Study Instance UID of what was stored. */
  readonly study?: string;
}

/** Files that are never DICOM objects, though they lie among them. */
export function isSystemFile(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return (
    name.startsWith(".") || path.includes("__MACOSX/") || /^(DICOMDIR|Thumbs\.db|desktop\.ini)$/i.test(name)
  );
}

/** Path of the route that takes the files of an upload. */
export const uploadPath = (upload: string): string => `sightline/api/uploads/${upload}`;

/** A name for one upload, by which it can be taken back. */
export function uploadName(): string {
  return [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");
}

/** Send one file of an upload. `onProgress` is told how many bytes have left. */
export async function sendFile(
  upload: string,
  source: Source,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<Outcome> {
  if (isSystemFile(source.name)) return { state: "skipped", reason: t("upload.reason.system") };
  if (source.size === 0) return { state: "skipped", reason: t("upload.reason.empty") };
  try {
    const answer = await post(uploadPath(upload), await source.content(), signal, onProgress);
    const { study, isNew } = JSON.parse(answer) as { readonly study: string; readonly isNew: boolean };
    return isNew
      ? { state: "stored", reason: "", study }
      : { state: "present", reason: t("upload.reason.present"), study };
  } catch (error) {
    if (error instanceof RequestError || error instanceof ZipError)
      return { state: "refused", reason: error.message };
    throw error;
  }
}

/** `fetch` cannot tell how much has been sent; this can. */
function post(
  path: string,
  body: Blob,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    request.open("POST", urlOf(path));
    request.setRequestHeader("Content-Type", "application/dicom");
    request.upload.addEventListener("progress", ({ loaded }) => onProgress(loaded));
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(request.responseText);
      else reject(new RequestError(request.status, refusal(request.status, request.responseText)));
    });
    request.addEventListener("error", () => reject(new RequestError(0, t("error.offline"))));
    request.addEventListener("abort", () => reject(new DOMException("Stopped", "AbortError")));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", stop));
    signal.addEventListener("abort", stop);
    request.send(body);
  });
}

/** The sentence that the server gave, or one of ours. */
export function refusal(status: number, body: string): string {
  if (status === 413) return t("upload.reason.large");
  try {
    const { message } = JSON.parse(body) as { readonly message?: unknown };
    if (typeof message === "string" && message) return message;
  } catch {
    // A body that is no JSON says nothing; the status does.
  }
  return status === 401 ? t("error.loggedOut") : t("error.status", { status });
}
