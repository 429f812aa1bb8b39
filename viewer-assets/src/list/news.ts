/** Asks from time to time whether studies have come: while somebody looks, and not for long after they stopped. */
import { urlOf } from "../page";
import { watchPresence } from "../presence";
import type { ListModel } from "./model";

const EVERY_MS = 20_000;

/** Begin to ask. */
export function watchArrivals(model: ListModel): void {
  const isThere = watchPresence();
  const look = (): void => {
    if (!isThere()) return;
    void askOnce(model).catch(() => {
      // Quiet: the next search says what is wrong with the connection.
    });
  };
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
}

/** One look; costs the server next to nothing while nothing has been stored. */
export async function askOnce(model: ListModel): Promise<void> {
  const { token } = model;
  const response = await fetch(urlOf(`sightline/api/arrivals?since=${token}`), {
    credentials: "same-origin",
    cache: "no-store",
    headers: { Accept: "application/json", "If-None-Match": `"${token}"` },
  });
  if (response.status !== 200 || model.token !== token) return;
  const { studies } = (await response.json()) as { readonly studies: readonly string[] };
  if (studies.length > 0) await model.countArrived();
}
