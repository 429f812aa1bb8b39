/** STOW-RS (PS3.18 10.5): one file to a request, so that each has its own result and nothing large is held in memory. */
import { request, RequestError } from "../api";
import { t } from "../messages";

/** What became of a file. */
export interface Outcome {
  readonly state: "stored" | "refused" | "skipped";
  readonly reason: string;
}

interface StoreAnswer {
  readonly "00081198"?: { readonly Value?: readonly FailedItem[] };
  readonly "00081199"?: { readonly Value?: readonly unknown[] };
}

interface FailedItem {
  readonly "00081197"?: { readonly Value?: readonly number[] };
}

/** The body of a store request with one file. The boundary is random, so that no file holds it. */
export function storeBody(file: Blob, boundary: string): Blob {
  return new Blob([
    `--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`,
    file,
    `\r\n--${boundary}--\r\n`,
  ]);
}

/** Files that are never DICOM objects, though they lie among them. */
export function isSystemFile(name: string): boolean {
  return name.startsWith(".") || /^(DICOMDIR|Thumbs\.db|desktop\.ini)$/i.test(name);
}

/** Send one file. */
export async function storeFile(file: File, signal: AbortSignal): Promise<Outcome> {
  if (isSystemFile(file.name)) return { state: "skipped", reason: t("upload.reason.system") };
  if (file.size === 0) return { state: "skipped", reason: t("upload.reason.empty") };
  const boundary = `sightline-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
  try {
    const response = await request("dicom-web/studies", {
      method: "POST",
      headers: {
        "Content-Type": `multipart/related; type="application/dicom"; boundary=${boundary}`,
        Accept: "application/dicom+json",
      },
      body: storeBody(file, boundary),
      signal,
    });
    return readAnswer((await response.json()) as StoreAnswer);
  } catch (error) {
    if (error instanceof RequestError) return { state: "refused", reason: refusal(error) };
    throw error;
  }
}

function refusal(error: RequestError): string {
  return error.status === 413 ? t("upload.reason.large") : error.message;
}

/** Read a Store Instances Response (PS3.18 I.2.2): a failed item carries its Failure Reason. */
export function readAnswer(answer: StoreAnswer): Outcome {
  const [failed] = answer["00081198"]?.Value ?? [];
  if (!failed) return { state: "stored", reason: "" };
  const [code = 0] = failed["00081197"]?.Value ?? [];
  return {
    state: "refused",
    reason: t("upload.reason.code", { code: code.toString(16).toUpperCase().padStart(4, "0") }),
  };
}
