/** The reading page: takes over the first picture that the server put into the page, then everything else. */
import { effect, untracked } from "@preact/signals";
import { render } from "preact";
import { revivals, watchConnection } from "./connection";
import { FITTED } from "./geometry";
import { pageData } from "./page";
import { defaultLayout, followTheme } from "./settings";
import { drawn } from "./study/afterFrame";
import { studyAnswer } from "./study/answers";
import type { StudyPageData } from "./study/data";
import { deskQuery, parseDesk, type DeskState, type PaneState } from "./study/deskState";
import { insist } from "./study/insist";
import { OWN_LOOK } from "./study/look";
import { listenForHeldTools } from "./study/heldTools";
import { linkViewports } from "./study/linkedCode";
import { Reader } from "./study/reader";
import { announcePictures } from "./study/announce";
import { offerFirstSteps } from "./study/firstSteps";
import { listenForKeys } from "./study/shortcuts";
import { StudyPage } from "./study/StudyPage";
import { placeOfFrame, type Tile } from "./study/tiles";

type Opening = NonNullable<StudyPageData["opening"]>;

const URL_DELAY_MS = 300;
let keyImagesAreComing = false;
const app = document.getElementById("app");
const data = pageData<StudyPageData>("page-data");
if (app && data) start(app, data);

function start(root: HTMLElement, pageAnswer: StudyPageData): void {
  followTheme();
  watchConnection();
  const reader = new Reader(pageAnswer);
  const image = document.getElementById("first-picture");
  const asked = askedDesk();
  reader.desk.value = /[?&]desk=([0-9a-f]{24})(&|$)/.exec(location.search)?.[1] ?? null;
  const opening = namesDocument(asked, pageAnswer) ? null : pageAnswer.opening;
  if (!opening) reader.restore(asked);
  else {
    reader.restore({
      ...asked,
      panes: [firstPane(asked, opening, reader.tiles.value), ...asked.panes.slice(1)],
    });
    if (image) reader.panes.value[0]?.reading.value?.viewport.hold();
  }
  if (opening && image instanceof HTMLImageElement) void adoptFirst(reader, image, opening, asked);
  else void loadOthers(reader, asked);
  root.replaceChildren();
  render(<StudyPage reader={reader} />, root);
  listenForHeldTools(reader);
  listenForKeys(reader);
  loadAgain(reader, asked);
  announcePictures(reader);
  offerFirstSteps(reader);
  keepUrl(reader);
  document.addEventListener("fullscreenchange", () => {
    reader.fullScreen.value = document.fullscreenElement !== null;
  });
}

/** The desk that the address names; without one, the reader's usual layout. */
function askedDesk(): DeskState {
  const asked = parseDesk(location.search);
  const query = new URLSearchParams(location.search);
  const isNamed = query.has("layout") || query.has("series");
  return isNamed || defaultLayout.value === "auto" ? asked : { ...asked, layout: defaultLayout.value };
}

/** Whether the first pane is to show what is no series of the study; the server opens a series instead. */
function namesDocument({ panes: [pane] }: DeskState, { series }: StudyPageData): boolean {
  return pane != null && !series.some(({ uid }) => uid === pane.tile.replace(/~.*/, ""));
}

/** The pane that the server filled: it followed series and slice of the URL, and knows which slices there are. */
function firstPane(asked: DeskState, { series, frame }: Opening, tiles: readonly Tile[]): PaneState {
  const [pane = null] = asked.panes;
  const same = pane?.tile.split("~")[0] === series ? pane : null;
  const { key, slice } = placeOfFrame(tiles, series, frame);
  return { look: OWN_LOOK, placement: FITTED, ...same, tile: key, slice };
}

/** Show the page's own first picture; the other series come after it. */
async function adoptFirst(
  reader: Reader,
  image: HTMLImageElement,
  opening: Opening,
  asked: DeskState,
): Promise<void> {
  const viewport = reader.panes.value[0]?.reading.value?.viewport;
  try {
    await image.decode();
    const { slice } = placeOfFrame(reader.tiles.value, opening.series, opening.frame);
    await viewport?.adopt(image, opening.view, slice);
    await drawn();
  } catch {
    // The picture failed to load; asking for it again tells why, in its place.
    viewport?.release();
  }
  await loadOthers(reader, asked);
}

/** From now on exact frames come to the device. Where they cannot, the server goes on making all pictures. */
async function loadLocalPictures(reader: Reader): Promise<void> {
  try {
    const { startLocalPictures } = await import("./exact/local");
    reader.local.value = await startLocalPictures(reader.loader);
  } catch (error) {
    reader.local.value = null;
    console.info("Pictures are not made on this device:", error);
  }
}

/** From now on what is marked is kept on the server, and what was marked comes from there. */
async function keepFindings(reader: Reader): Promise<void> {
  const { startKeeping } = await insist(() => import("./findings/load"));
  startKeeping(reader);
}

/** What failed to come is asked for again when the server is back, or when somebody wants it. */
function loadAgain(reader: Reader, asked: DeskState): void {
  effect(() => {
    if (revivals.value + reader.listRequests.value === 0) return;
    untracked(() => {
      if (reader.seriesProblem.value !== null) void loadOthers(reader, asked);
    });
  });
}

/** Get the frames of all series, then other studies to be read beside this one; what is being read stays as it is. */
async function loadOthers(reader: Reader, asked: DeskState): Promise<void> {
  reader.started.value = true;
  if (!reader.local.value) void loadLocalPictures(reader);
  reader.seriesProblem.value = null;
  try {
    const [{ series } = { series: [] }] = reader.studies.value;
    const isMissing = series.some(({ stack, error }) => !stack && error === null);
    if (isMissing) reader.take(await studyAnswer(reader.study.uid));
    for (const study of asked.beside) reader.take(await studyAnswer(study));
  } catch (error) {
    reader.seriesProblem.value = error instanceof Error ? error.message : String(error);
  }
  reader.settle(true);
  void keepFindings(reader);
  await linkViewports(reader, asked);
  await loadKeyImages(reader);
}

/** Key images and presentations come last; asked for once. */
async function loadKeyImages(reader: Reader): Promise<void> {
  if (keyImagesAreComing) return;
  keyImagesAreComing = true;
  const { startKeyImages, startPresentations } = await insist(() => import("./keyImages/all"));
  startKeyImages(reader);
  startPresentations(reader);
}

/** The query with the id of the windows that belong together. */
function withDesk(query: string, desk: string | null): string {
  return desk === null ? query : `${query || "?"}${query ? "&" : ""}desk=${desk}`;
}

/** The URL follows the state, so that reload and back do what people expect. */
function keepUrl(reader: Reader): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const query = withDesk(deskQuery(reader.state), reader.desk.value);
    clearTimeout(timer);
    timer = setTimeout(
      () => history.replaceState(history.state, "", location.pathname + query),
      URL_DELAY_MS,
    );
  });
}
