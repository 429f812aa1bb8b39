import { request } from "../api";
import { urlOf } from "../page";

/** End the session and go to the login form, also where the server no longer knows the session. */
export async function logOut(): Promise<void> {
  try {
    await request("sightline/logout", { method: "POST" });
  } finally {
    location.assign(urlOf("sightline/login"));
  }
}
