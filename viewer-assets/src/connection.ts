/** Whether the server answers, heard of every request; while it does not, it is asked again and again. */
import { signal } from "@preact/signals";
import { getJson, listenToAnswers, RequestError } from "./api";

/** `ended`: there is a server, but no session any more. */
export type ConnectionState = "fine" | "lost" | "ended";

export const connection = signal<ConnectionState>("fine");
/** Counts how often it came back: whoever got nothing meanwhile asks again. */
export const revivals = signal(0);

/** No answer at all, or one of a proxy that got none. */
const NO_ANSWER = new Set([0, 502, 504]);
const PAUSES_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];
const LOGIN = "sightline/login";
const SESSION = "sightline/session";

let attempts = 0;
let revivedAt = -Infinity;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Whether that error is one that {@link connection} tells of. */
export function isConnectionProblem(error: unknown): boolean {
  return error instanceof RequestError && (error.status === 401 || NO_ANSWER.has(error.status));
}

/** Listen from now on. */
export function watchConnection(): void {
  listenToAnswers(hear);
  addEventListener("offline", lose);
  addEventListener("online", () => void askAgain());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void askAgain();
  });
}

/** Ask at once, if there is anything to ask. */
export async function askAgain(): Promise<void> {
  if (connection.peek() === "fine") return;
  clearTimeout(timer);
  try {
    const { verbs } = await getJson<{ verbs: readonly string[] }>(SESSION);
    if (verbs.length === 0) connection.value = "ended";
    else revive();
  } catch {
    if (connection.peek() === "lost") askLater();
  }
}

/** There is a session again. */
export function revive(): void {
  clearTimeout(timer);
  attempts = 0;
  revivedAt = performance.now();
  connection.value = "fine";
  revivals.value += 1;
}

function hear(path: string, status: number, askedAt: number): void {
  if (path === LOGIN) return;
  if (NO_ANSWER.has(status)) lose();
  // What is refused late was asked for in the session before.
  else if (status === 401 && askedAt >= revivedAt) connection.value = "ended";
  else if (connection.peek() === "lost" && path !== SESSION) void askAgain();
}

function lose(): void {
  if (connection.peek() !== "fine") return;
  connection.value = "lost";
  askLater();
}

function askLater(): void {
  clearTimeout(timer);
  const pause = PAUSES_MS[Math.min(attempts, PAUSES_MS.length - 1)] ?? 0;
  attempts += 1;
  // Not all at once, where a whole ward lost the same server.
  timer = setTimeout(() => void askAgain(), pause * (0.75 + Math.random() / 2));
}
