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

/** The answer of a request that succeeded. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(urlOf(path), { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new RequestError(0, t("error.offline"));
  }
  if (response.ok) return response;
  throw new RequestError(response.status, await explanation(response));
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

/** The sentence that the server gave, or one of ours for the status. */
async function explanation(response: Response): Promise<string> {
  if (response.headers.get("Content-Type")?.includes("json")) {
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
