/** Calls to the server, and what went wrong with them as a sentence for a person. */
import { t } from "./messages";
import { urlOf } from "./page";

/** An answer other than 2xx, or none. `status` is 0 when the server could not be reached. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Hears of every answer: its path, its status or 0 where there was none, and when it was asked for (`performance.now()`). */
export type AnswerListener = (path: string, status: number, askedAt: number) => void;

let onAnswer: AnswerListener = () => {};

/** Tell `listener`, instead of whoever was told before, of every answer from now on. */
export function listenToAnswers(listener: AnswerListener): void {
  onAnswer = listener;
}

/** Busy for a moment: asked again quietly, after so many ms each time. */
const BUSY = new Set([409, 503]);
const PAUSES_MS = [300, 900, 2000];
const LONGEST_PAUSE_MS = 5000;

/** The answer of a request that succeeded. What changes nothing is asked for again where the server is busy. */
export async function request(path: string, init: RequestInit = {}, isPatient = true): Promise<Response> {
  const pauses = isPatient && (init.method ?? "GET") === "GET" ? PAUSES_MS : [];
  for (const pause of pauses) {
    const response = await ask(path, init);
    if (!BUSY.has(response.status)) return checked(response);
    const asked = Number(response.headers.get("Retry-After") ?? 0) * 1000;
    await rest(Math.min(Math.max(pause, asked || 0), LONGEST_PAUSE_MS), init.signal);
  }
  return checked(await ask(path, init));
}

async function ask(path: string, init: RequestInit): Promise<Response> {
  const askedAt = performance.now();
  try {
    const response = await fetch(urlOf(path), { credentials: "same-origin", ...init });
    onAnswer(path, response.status, askedAt);
    return response;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    onAnswer(path, 0, askedAt);
    throw new RequestError(0, t("error.offline"));
  }
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new RequestError(response.status, await explanation(response));
}

function rest(milliseconds: number, signal: AbortSignal | null | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}

/** The JSON of a GET. */
export async function getJson<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  const response = await request(path, {
    headers: { Accept: "application/json" },
    ...(signal && { signal }),
  });
  return (await response.json()) as Answer;
}

/** The JSON answer to a POST of JSON. */
export async function postJson<Answer>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer> {
  const response = await request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  return (response.status === 204 ? null : await response.json()) as Answer;
}

/** The sentence that the server gave, or one of ours for the status. Orthanc calls all but a success plain text. */
async function explanation(response: Response): Promise<string> {
  const type = response.headers.get("X-Sightline-Content-Type") ?? response.headers.get("Content-Type");
  if (type?.includes("json")) {
    try {
      const body = (await response.json()) as { message?: unknown; error?: { message?: unknown } };
      const message = body.message ?? body.error?.message;
      if (typeof message === "string" && message) return message;
    } catch {
      // A body that is cut off says nothing; the status does.
    }
  }
  if (response.status === 401) return t("error.loggedOut");
  if (response.status === 403) return t("error.forbidden");
  return t("error.status", { status: response.status });
}
