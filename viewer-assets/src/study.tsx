/** The reading page: takes over the first picture that the server put into the page, then everything else. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { getJson } from "./api";
import { pageData } from "./page";
import { listenForKeys } from "./study/commands";
import type { StudyAnswer, StudyPageData } from "./study/data";
import { Reader } from "./study/reader";
import { StudyPage } from "./study/StudyPage";

const URL_DELAY_MS = 300;
const app = document.getElementById("app");
const data = pageData<StudyPageData>("page-data");
if (app && data) start(app, data);

function start(root: HTMLElement, pageAnswer: StudyPageData): void {
  const reader = new Reader(pageAnswer);
  const image = document.getElementById("first-picture");
  const { opening } = pageAnswer;
  if (opening) {
    reader.open(opening.series, opening.frame);
    if (image) reader.current.value?.viewport.hold();
    reader.followUrl(location.search);
  }
  if (opening && image instanceof HTMLImageElement) void adoptFirst(reader, image, opening);
  else void loadOthers(reader);
  root.replaceChildren();
  render(<StudyPage reader={reader} />, root);
  listenForKeys(reader);
  keepUrl(reader);
  document.addEventListener("fullscreenchange", () => {
    reader.fullScreen.value = document.fullscreenElement !== null;
  });
}

/** Show the page's own first picture; the other series come after it. */
async function adoptFirst(
  reader: Reader,
  image: HTMLImageElement,
  opening: NonNullable<StudyPageData["opening"]>,
): Promise<void> {
  const viewport = reader.current.value?.viewport;
  try {
    await image.decode();
    await viewport?.adopt(image, opening.view, opening.frame);
  } catch {
    // The picture failed to load; asking for it again tells why, in its place.
    viewport?.release();
  }
  await loadOthers(reader);
}

/** Get the frames of all series; what is being read stays as it is. */
async function loadOthers(reader: Reader): Promise<void> {
  reader.started.value = true;
  const missing = reader.series.value.some(
    (series) => series.pictures && !series.stack && series.error === null,
  );
  if (!missing) return;
  try {
    const { study } = reader.data;
    const answer = await getJson<StudyAnswer>(`sightline/api/studies/${study.uid}`);
    reader.series.value = answer.series;
  } catch (error) {
    reader.seriesProblem.value = error instanceof Error ? error.message : String(error);
  }
}

/** The URL follows the state, so that reload and back do what people expect. */
function keepUrl(reader: Reader): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const state = reader.urlState;
    clearTimeout(timer);
    timer = setTimeout(
      () => history.replaceState(history.state, "", location.pathname + state),
      URL_DELAY_MS,
    );
  });
}
