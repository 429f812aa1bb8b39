/** The login form. Without this script it still works: the server answers it with a redirection. */
import { postJson, RequestError, getJson } from "./api";
import { t } from "./messages";
import { urlOf } from "./page";
import { showStoredTheme } from "./theme";

showStoredTheme();
const form = document.getElementById("login");
const problem = document.getElementById("login-problem");

if (form instanceof HTMLFormElement) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void logIn(form);
  });
}

async function logIn(element: HTMLFormElement): Promise<void> {
  const fields = new FormData(element);
  const [user, password] = [String(fields.get("user")), String(fields.get("password"))];
  if (!user || !password) {
    show(t("login.missing"));
    return;
  }
  setBusy(element, true);
  try {
    await postJson("sightline/login", { user, password });
    const session = await getJson<{ user: string | null }>("sightline/session");
    if (session.user === null) throw new RequestError(0, t("login.noCookie"));
    location.replace(targetUrl(String(fields.get("next"))));
  } catch (error) {
    setBusy(element, false);
    show(sentence(error));
  }
}

function sentence(error: unknown): string {
  if (!(error instanceof RequestError)) return t("error.status", { status: 0 });
  if (error.status === 401) return t("login.wrong");
  if (error.status === 429 || error.status === 503) return t("login.wait");
  return error.message;
}

/** Where the person was going: a path of this very server, or the study list. */
function targetUrl(next: string): string {
  const list = urlOf("sightline/");
  if (!next.startsWith("/") || next.startsWith("//") || next.includes("\\")) return list;
  const target = new URL(urlOf(next.slice(1)));
  return target.origin === location.origin ? target.href : list;
}

function setBusy(element: HTMLFormElement, busy: boolean): void {
  const button = element.querySelector("button");
  if (!button) return;
  button.disabled = busy;
  button.textContent = busy ? t("login.working") : t("login.submit");
}

function show(text: string): void {
  if (!problem) return;
  problem.hidden = false;
  problem.textContent = text;
}
