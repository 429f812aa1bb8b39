/** The reading page's state: which series where, which tool; one object that commands and views share. */
import { batch, computed, signal, type ReadonlySignal } from "@preact/signals";
import { panBy, zoomAt, FITTED, type Point } from "../geometry";
import { t, type MessageKey } from "../messages";
import type { VoiWindow } from "../address";
import { dragWindow } from "../window";
import { ByteCache } from "./cache";
import type { Prior, Session, Study, StudyAnswer, StudyPageData } from "./data";
import { deskQuery, type DeskState } from "./deskState";
import type { Fusion } from "./fusion";
import { Findings, type FindingMap } from "../findings/findings";
import type { Finding, FindingPlace } from "../findings/model";
import { KeyImages, type KeyImageMap } from "../keyImages/keyImages";
import type { Presentation } from "../presentations/model";
import { documentsOf, type DocumentTile } from "./documents";
import type { PointerPlace, Tool } from "./gestures";
import { History } from "./history";
import { layoutNamed, type LayoutName } from "./layouts";
import { NO_LINKS, type Links } from "./links";
import { PictureLoader } from "./loader";
import type { LocalPictures } from "./localPictures";
import { OWN_LOOK } from "./look";
import { Pane } from "./pane";
import { fetchPicture, type Picture } from "./picture";
import type { Player } from "../tools/player";
import type { Reading } from "./reading";
import type { Rendering } from "./rendering";
import { STRAIGHT } from "./rotation";
import { THIN } from "./slab";
import { groupOf, placeOfStored, shelfOf, tileOf, tilesOf, type Tile } from "./tiles";
import type { LinkedViewports } from "../linked/LinkedViewports";
import type { Viewport } from "./viewport";

export type Panel =
  | "none"
  | "help"
  | "presets"
  | "more"
  | "series"
  | "layouts"
  | "export"
  | "palette"
  | "settings"
  | "look"
  | "measures"
  | "copyFinding"
  | "keyImages"
  | "presentations";

/** A pointing tool over one of the viewports. */
export interface Pointer extends PointerPlace {
  readonly viewport: Viewport;
}

/** All that can be taken back: what is where on the desk, and what the reader marked. */
interface Snapshot {
  readonly desk: DeskState;
  readonly findings: FindingMap;
  readonly keyImages: KeyImageMap;
}

const CACHE_BYTES = 48 << 20;

export class Reader {
  readonly study: Study;
  readonly session: Session;
  /** This study, then others that are open beside it. */
  readonly studies = signal<readonly StudyAnswer[]>([]);
  readonly tiles: ReadonlySignal<readonly Tile[]> = computed(() => this.studies.value.flatMap(tilesOf));
  readonly documents: ReadonlySignal<readonly DocumentTile[]> = computed(() =>
    this.studies.value.flatMap(documentsOf),
  );
  readonly layout = signal<LayoutName>("1x1");
  /** Whether the active pane's series is seen as three planes instead of the panes. */
  readonly planes = signal(false);
  /** How thick these are. */
  readonly slab = signal(THIN);
  /** How they are turned out of the patient's axes. */
  readonly turned = signal(STRAIGHT);
  /** Turns the others within the one that keys act on, by degrees; there while there are planes. */
  turnPlanes: (degrees: number) => void = () => {};
  /** The body beside them; null where there is none. */
  readonly rendering = signal<Rendering | null>(null);
  /** What is laid over them; null where nothing is. */
  readonly fusion = signal<Fusion | null>(null);
  readonly panes = signal<readonly Pane[]>([]);
  readonly activePane = signal(0);
  /** What the active pane shows. */
  readonly current: ReadonlySignal<Reading | null> = computed(
    () => this.panes.value[this.activePane.value]?.reading.value ?? null,
  );
  /** What is on the screen, pane by pane. */
  readonly visible: ReadonlySignal<readonly Reading[]> = computed(() => {
    const { areas } = layoutNamed(this.layout.value);
    const panes = this.planes.value ? [] : this.panes.value.slice(0, areas.length);
    return panes.map((pane) => pane.reading.value).filter((reading) => reading !== null);
  });
  readonly links = signal<Links>(NO_LINKS);
  /** What moves viewports together; its code arrives after the first picture. */
  readonly linked = signal<LinkedViewports | null>(null);
  /** One of the three planes, while there are planes. */
  readonly activePlane = signal<Viewport | null>(null);
  /** The viewport that keys and tool buttons act on. */
  readonly active: ReadonlySignal<Viewport | null> = computed(() =>
    this.planes.value ? this.activePlane.value : (this.current.value?.viewport ?? null),
  );
  readonly tool = signal<Tool>(usualTool());
  /** Where the pointing tool is; null while it is over no image. */
  readonly pointer = signal<Pointer | null>(null);
  /** How much a magnifier enlarges what is on the screen. */
  readonly magnification = signal(2);
  /** Viewports that play or can be played, with their players. */
  readonly players = signal<ReadonlyMap<Viewport, Player>>(new Map());
  /** Whether the attributes of the slice on the screen are listed beside it. */
  readonly tags = signal(false);
  readonly panel = signal<Panel>("none");
  readonly exact = signal(false);
  readonly hurry = signal(false);
  readonly fullScreen = signal(false);
  /** Whether the first picture is there, or never will be: whatever can wait waits for it. */
  readonly started = signal(false);
  /** Whether the first steps were asked for. */
  readonly introducing = signal(false);
  /** What a screen reader is told next. */
  readonly said = signal("");
  /** Names the windows that belong together; null while there is one. */
  readonly desk = signal<string | null>(null);
  /** Whether another window is linked with this one. */
  readonly otherWindow = signal(false);
  /** What is said once, below the images. */
  readonly notice = signal<string | null>(null);
  /** Other studies of the patient, the best to compare with first. */
  readonly priors = signal<readonly Prior[]>([]);
  /** Why they, or one of them, could not be had. */
  readonly priorsProblem = signal<string | null>(null);
  /** Why the other series could not be listed. */
  readonly seriesProblem = signal<string | null>(null);
  /** Counts how often somebody asked to list them again. */
  readonly listRequests = signal(0);
  readonly loader: PictureLoader<Picture>;
  /** Pictures that are made on the device: undefined until after the first picture, null where they cannot be. */
  readonly local = signal<LocalPictures | null | undefined>(undefined);
  /** What readers marked on images of the studies that are open. */
  readonly findings = new Findings();
  readonly hasFindings: ReadonlySignal<boolean> = computed(() => this.findings.all.value.size > 0);
  /** Id of the finding that keys and handles act on; null where none is chosen. */
  readonly selectedFinding = signal<string | null>(null);
  /** Whether findings are listed beside the images, because somebody asked for it or by itself. */
  readonly findingsShown = signal<false | "asked" | "offered">(false);
  /** Whether the study's report is written or read beside the images. */
  readonly reportShown = signal(false);
  /** Findings of stored reports that the reader wants to see: drawn, never changed. */
  readonly reportFindings = signal<readonly Finding[]>([]);
  /** Frames that were marked with a star. */
  readonly keyImages = new KeyImages();
  /** Presentation states of the studies that are open, of anybody. */
  readonly presentations = signal<readonly Presentation[]>([]);
  readonly history = new History<Snapshot>(
    (to, from) => this.goBack(to, from),
    (a, b) => a.findings === b.findings && a.keyImages === b.keyImages && isSameDesk(a.desk, b.desk),
  );
  private changing: { readonly name: MessageKey; readonly before: Snapshot } | null = null;
  private dragStart: VoiWindow | null = null;
  private before1x1: LayoutName = "2x2";

  constructor({ study, series, session }: StudyPageData) {
    this.study = study;
    this.session = session;
    this.studies.value = [{ study, series }];
    const ports = { fetch: fetchPicture, now: () => performance.now() };
    this.loader = new PictureLoader(ports, new ByteCache<Picture>(CACHE_BYTES));
    this.panes.value = [new Pane(this)];
    this.panes.value[0]?.see(true);
  }

  /** Do something that can be taken back under that name; with `isAlone` never together with what follows at once. */
  change(name: MessageKey, act: () => void, isAlone = false): void {
    this.begin(name);
    act();
    this.commit(isAlone);
  }

  /** A change begins that is made bit by bit, such as a drag. */
  begin(name: MessageKey): void {
    this.changing = { name, before: this.snapshot };
  }

  /** The change is made. */
  commit(isAlone = false): void {
    if (this.changing) this.history.note(this.changing.name, this.changing.before, this.snapshot, isAlone);
    this.changing = null;
  }

  /** Whether a change is being made bit by bit. */
  get isChanging(): boolean {
    return this.changing !== null;
  }

  undo(): void {
    this.tell("history.undone", this.history.undo());
  }

  redo(): void {
    this.tell("history.redone", this.history.redo());
  }

  private get snapshot(): Snapshot {
    const { state: desk, findings, keyImages } = this;
    return { desk, findings: findings.all.peek(), keyImages: keyImages.all.peek() };
  }

  /** Only what a step changed is changed again: a desk that moved on meanwhile stays where a finding goes. */
  private goBack(to: Snapshot, from: Snapshot): void {
    if (!isSameDesk(to.desk, from.desk)) this.restore(to.desk, true);
    this.findings.move(from.findings, to.findings);
    this.keyImages.move(from.keyImages, to.keyImages);
  }

  private tell(key: MessageKey, name: MessageKey | null): void {
    this.said.value = name ? t(key, { name: t(name) }) : t("history.none");
  }

  /** Take in a study's answer: all frames of this study, or another study to be read beside it. */
  take(answer: StudyAnswer): void {
    const known = this.studies.value.some(({ study }) => study.uid === answer.study.uid);
    this.studies.value = known
      ? this.studies.value.map((one) => (one.study.uid === answer.study.uid ? answer : one))
      : [...this.studies.value, answer];
    this.settle(false);
  }

  /** Whatever waits for frames gets them; with `isFinal`, no more will come. */
  settle(isFinal: boolean): void {
    for (const pane of this.panes.value) pane.settle(this.tiles.value, isFinal);
    if (isFinal) this.fill();
  }

  /** Open a tile in the active pane, or in that one. */
  open(key: string, slice?: number, pane = this.activePane.value): void {
    const document = this.documents.value.find((one) => one.key === key);
    const tile = tileOf(this.tiles.value, key);
    if (!document && !tile?.stack) return;
    this.planes.value = false;
    this.activePane.value = pane;
    if (document) this.panes.value[pane]?.openDocument(document);
    else if (tile) this.panes.value[pane]?.open(tile, slice);
  }

  /** Open the series after, or before, the current one. */
  openNeighbour(step: 1 | -1): void {
    const list = shelfOf(this.tiles.value).filter((tile) => tile.stack);
    const current = this.current.value?.tile;
    const here = list.findIndex((tile) => current && groupOf(tile) === groupOf(current));
    const next = list[here + step];
    if (next) this.open(next.key);
  }

  /**
   * Show the slice that a finding lies on: in a pane that shows its series already, else in the active one. It can be taken
   * back. False where its series is not open here.
   */
  goToFinding(finding: FindingPlace): boolean {
    const place = placeOfStored(this.tiles.value, finding);
    if (!place) return false;
    const { key, slice } = place;
    const beside =
      this.current.value?.tile.key === key ? null : this.visible.value.find(({ tile }) => tile.key === key);
    const pane = this.panes.value.findIndex(({ reading }) => beside && reading.value === beside);
    this.change("command.open", () => this.open(key, slice, pane < 0 ? this.activePane.value : pane));
    return true;
  }

  /** Divide the desk; what was in a pane stays there, new panes get the series that follow if they are to be filled. */
  setLayout(name: LayoutName, isFilled = true): void {
    const { areas } = layoutNamed(name);
    batch(() => {
      this.setPlanes(false);
      if (name === "1x1" && this.layout.value !== "1x1") {
        this.before1x1 = this.layout.value;
        this.swap(0, this.activePane.value);
        if (this.tool.value === "crosshair" && !this.otherWindow.value) this.tool.value = usualTool();
      }
      this.layout.value = name;
      const panes = [...this.panes.value];
      while (panes.length < areas.length) panes.push(new Pane(this));
      this.panes.value = panes;
      if (this.activePane.value >= areas.length) this.activePane.value = 0;
      if (isFilled) this.fill();
      this.see();
    });
  }

  /** One pane alone, or all of them as before. */
  enlarge(): void {
    this.setLayout(this.layout.value === "1x1" ? this.before1x1 : "1x1");
  }

  /** Exchange two panes; the one that was active stays it. */
  swap(a: number, b: number): void {
    const panes = [...this.panes.value];
    const [first, second] = [panes[a], panes[b]];
    if (!first || !second || a === b) return;
    panes[a] = second;
    panes[b] = first;
    batch(() => {
      this.panes.value = panes;
      if (this.activePane.value === a) this.activePane.value = b;
      else if (this.activePane.value === b) this.activePane.value = a;
      this.see();
    });
  }

  /** Make the pane after, or before, the active one. */
  stepPane(step: 1 | -1): void {
    const { length } = layoutNamed(this.layout.value).areas;
    this.activePane.value = (this.activePane.value + step + length) % length;
  }

  /** Switch between the panes and the three planes of the active one. */
  setPlanes(planes: boolean): void {
    if (!this.current.value || this.planes.value === planes) return;
    this.planes.value = planes;
    if (planes) this.tool.value = "crosshair";
    else if (this.tool.value === "crosshair") this.tool.value = usualTool();
    this.see();
  }

  setWindow(window: VoiWindow | null): void {
    if (this.current.value) this.current.value.window.value = window;
  }

  /** A window drag begins: it starts from the window that is on the screen. */
  startWindowDrag(viewport: Viewport): void {
    this.dragStart = viewport.shown.value?.window ?? this.current.value?.window.value ?? null;
    this.hurry.value = this.dragStart !== null;
  }

  dragWindowBy(dx: number, dy: number): void {
    if (this.dragStart && (dx !== 0 || dy !== 0)) this.setWindow(dragWindow(this.dragStart, dx, dy));
  }

  endWindowDrag(): void {
    this.dragStart = null;
    this.hurry.value = false;
  }

  scrollBy(slices: number): void {
    const viewport = this.active.value;
    viewport?.goTo(viewport.index.value + slices);
  }

  panBy(viewport: Viewport, by: Point): void {
    viewport.placement.value = panBy(viewport.loose, by, viewport.size.value);
  }

  zoomAt(viewport: Viewport, factor: number, anchor?: Point): void {
    const { width, height } = viewport.size.value;
    const point = anchor ?? { x: width / 2, y: height / 2 };
    viewport.placement.value = zoomAt(viewport.loose, factor, point, viewport.size.value);
  }

  /** Back to how the file has it, fitted, not turned. */
  reset(): void {
    const reading = this.current.value;
    if (!reading) return;
    reading.look = OWN_LOOK;
    if (this.active.value) this.active.value.placement.value = FITTED;
  }

  /** What is where and how it looks. */
  get state(): DeskState {
    const { areas } = layoutNamed(this.layout.value);
    return {
      layout: this.layout.value,
      planes: this.planes.value,
      slab: this.slab.value,
      turned: this.turned.value,
      rendering: this.rendering.value,
      fusion: this.fusion.value,
      active: this.activePane.value,
      panes: this.panes.value.slice(0, areas.length).map((pane) => pane.state),
      beside: this.studies.value.slice(1).map(({ study }) => study.uid),
      links: this.links.value,
    };
  }

  /** Go to a state. With `keepSlices`, series that are open already stay where they are. */
  restore(state: DeskState, keepSlices = false): void {
    batch(() => {
      this.setLayout(state.layout);
      state.panes.forEach((pane, index) =>
        this.panes.value[index]?.restore(pane, this.tiles.value, keepSlices),
      );
      this.activePane.value = state.active;
      this.setPlanes(state.planes);
      this.slab.value = state.slab;
      this.turned.value = state.turned;
      this.rendering.value = state.rendering;
      this.fusion.value = state.fusion;
      this.links.value = state.links;
    });
  }

  /** Panes that show nothing get the series that are nowhere yet, in their order. */
  private fill(): void {
    if (!this.started.value) return;
    const { areas } = layoutNamed(this.layout.value);
    const panes = this.panes.value.slice(0, areas.length);
    const taken = new Set(
      panes.map((pane) => {
        const tile = pane.state && tileOf(this.tiles.value, pane.state.tile);
        return tile ? groupOf(tile) : null;
      }),
    );
    const free = shelfOf(this.tiles.value).filter((tile) => tile.stack && !taken.has(tile.key));
    for (const pane of panes) {
      const tile = pane.state === null && free.shift();
      if (tile) pane.open(tile);
    }
    const [document] = this.documents.value;
    const isEmpty = panes.every((pane) => pane.state === null);
    if (isEmpty && document) panes[0]?.openDocument(document);
  }

  /** Only what is on the screen fetches pictures. */
  private see(): void {
    const { areas } = layoutNamed(this.layout.value);
    this.panes.value.forEach((pane, index) => pane.see(!this.planes.value && index < areas.length));
  }
}

/** Whether nothing differs that is worth an undo. */
function isSameDesk(a: DeskState, b: DeskState): boolean {
  return deskQuery(withoutSlices(a)) === deskQuery(withoutSlices(b));
}

/** Leafing through is no change that anybody wants to take back. */
function withoutSlices(state: DeskState): DeskState {
  return { ...state, active: 0, panes: state.panes.map((pane) => pane && { ...pane, slice: 0 }) };
}

/** The tool of who has chosen none. */
export function usualTool(): Tool {
  return prefersTouch() ? "scroll" : "window";
}

/** Whether fingers are the main pointer: then one finger scrolls. */
export function prefersTouch(): boolean {
  return globalThis.matchMedia?.("(pointer: coarse)").matches ?? false;
}
