/**
 * The landing page of a link, or of a launch in a tab of its own: takes the secret out of the address bar, exchanges it
 * for a session, opens the study or the patient's page.
 */
import { postJson, RequestError } from "./api";
import { t, type MessageKey } from "./messages";
import { pageData, urlOf } from "./page";
import { showStoredTheme } from "./theme";

interface Opened {
  readonly studyInstanceUID?: string;
  /** Way to the patient's page. */
  readonly patient?: string;
}

interface LandingData {
  readonly link: string;
  /** Whether it is the id of a launch. */
  readonly launch?: boolean;
  /** Scripts of the page that opens. */
  readonly next: readonly string[];
}

/** The server leads here when a study is asked for by a link's session that has ended. */
const ENDED = "ended";
/** The server leads here when the browser has not kept the session that the link gave. */
const UNKEPT = "unkept";
/** A study is not kept waiting for longer. */
const LONGEST_MS = 2000;

showStoredTheme();
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
void open(secret);

async function open(value: string): Promise<void> {
  const { link, launch, next } = pageData<LandingData>("page-data") ?? { link: "", next: [] };
  if (link === ENDED) {
    say("link.ended.title", "link.ended.text");
    return;
  }
  if (link === UNKEPT) {
    say("link.cookie.title", "link.cookie.text");
    return;
  }
  if (!value) {
    say("link.incomplete.title", "link.incomplete.text");
    return;
  }
  try {
    const path = `sightline/${launch ? "smart/tab" : "link"}/${encodeURIComponent(link)}/session`;
    const opened = postJson<Opened>(path, { secret: value });
    const fetched = fetchAhead(next);
    const { studyInstanceUID, patient } = await opened;
    // Going on would cut off what is on its way, and fetch it once more.
    await Promise.race([fetched, new Promise((resolve) => setTimeout(resolve, LONGEST_MS))]);
    location.replace(urlOf(patient ?? `sightline/studies/${studyInstanceUID}`));
  } catch (error) {
    if (launch && error instanceof RequestError && error.status === 410) {
      say("link.launch.ended.title", "link.launch.ended.text");
    } else {
      explain(error);
    }
  }
}

/** Use the time of the exchange: the line would be idle. Resolves when all is here, or cannot be had. */
async function fetchAhead(scripts: readonly string[]): Promise<void> {
  // Safari does not fetch ahead, and would never say that it has.
  if (!document.createElement("link").relList.supports("prefetch")) return;
  await Promise.all(
    scripts.map(
      (script) =>
        new Promise<void>((resolve) => {
          const link = document.createElement("link");
          link.rel = "prefetch";
          link.href = urlOf(`sightline/assets/${script}`);
          link.addEventListener("load", () => resolve());
          link.addEventListener("error", () => resolve());
          document.head.append(link);
        }),
    ),
  );
}

function explain(error: unknown): void {
  const status = error instanceof RequestError ? error.status : -1;
  if (status === 410) say("link.ended.title", "link.ended.text");
  else if (status === 400 || status === 401 || status === 403 || status === 404) {
    say("link.unknown.title", "link.unknown.text");
  } else {
    show("link-title", t("link.failed.title"));
    show("link-text", error instanceof RequestError ? error.message : t("error.status", { status }));
  }
}

function say(title: MessageKey, text: MessageKey): void {
  show("link-title", t(title));
  show("link-text", t(text));
}

function show(id: string, text: string): void {
  const element = document.getElementById(id);
  if (element) element.textContent = text;
}
