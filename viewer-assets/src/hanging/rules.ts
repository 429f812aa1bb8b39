/**
 * How a study is hung when nobody said how: a table of rules, the first that fits counts. None fits most studies: they open
 * with one series. No DOM here.
 */
import type { Placement } from "../geometry";
import type { LayoutName } from "../study/layouts";
import { NO_LINKS, type Links } from "../study/links";
import type { Tile } from "../study/tiles";
import { imagesOf, stacksOf, type Hangable } from "./images";

/** What comes into one pane. */
export interface Hung {
  readonly tile: string;
  readonly slice: number | null;
  readonly side?: NonNullable<Placement["side"]>;
  readonly mirrored?: boolean;
}

export interface Hanging {
  readonly layout: LayoutName;
  readonly panes: readonly Hung[];
  readonly links: Links;
}

/** What is on the screen already: the picture that the page came with. */
export interface Opened {
  readonly tile: string;
  readonly slice: number;
}

type Screen = "wide" | "upright";

export interface Rule {
  readonly name: string;
  /** The panes for a study, or null where the rule does not fit it. */
  readonly hang: (tiles: readonly Tile[], opened: Opened, screen: Screen) => Hanging | null;
}

const VIEWS = ["RCC", "LCC", "RMLO", "LMLO"] as const;
type BreastView = (typeof VIEWS)[number];

/** Right breasts on the left, each with its chest wall at the middle of the screen. */
const mammogram: Rule = {
  name: "mammogram",
  hang(tiles, opened) {
    const images = imagesOf(tiles).filter(
      ({ modality, kind }) => modality === "MG" && kind.intent !== "FOR PROCESSING",
    );
    const found = new Map<BreastView, Hangable>();
    for (const view of VIEWS) {
      const fitting = images.filter(({ laterality, view: seen }) => laterality + seen === view);
      const image = fitting.find((one) => isOpened(one, opened)) ?? fitting[0];
      if (image) found.set(view, image);
    }
    const sets: readonly (readonly BreastView[])[] = [
      VIEWS,
      ["RCC", "LCC"],
      ["RMLO", "LMLO"],
      ["RCC", "RMLO"],
      ["LCC", "LMLO"],
    ];
    const views = sets.find((set) => set.every((view) => found.has(view)));
    if (!views) return null;
    const panes = views.flatMap((view) => {
      const image = found.get(view);
      return image ? [breast(image)] : [];
    });
    return { layout: views.length === 4 ? "2x2" : "1x2", panes, links: NO_LINKS };
  },
};

function breast({ tile, slice, laterality, kind }: Hangable): Hung {
  const isRight = laterality === "R";
  const [left = "", right = ""] = kind.letters ?? [];
  // The chest wall lies behind: where that is at the outer edge, the picture is turned over.
  const mirrored = (isRight ? left : right).startsWith("P");
  return { tile, slice, side: isRight ? "right" : "left", ...(mirrored && { mirrored }) };
}

const FRONTAL = ["PA", "AP"];
const LATERAL = ["LL", "RL", "LAT", "LATERAL", "ML", "LM"];
const RADIOGRAPHS: ReadonlySet<string> = new Set(["CR", "DX", "RG", "DR"]);

/** Two projections of one part of the body. */
const projections: Rule = {
  name: "projections",
  hang(tiles, opened, screen) {
    const images = imagesOf(tiles);
    if (images.length === 0 || images.some(({ modality }) => !RADIOGRAPHS.has(modality))) return null;
    const pick = (views: readonly string[]): Hangable | undefined => {
      const fitting = images
        .filter(({ view }) => views.includes(view))
        .sort((a, b) => views.indexOf(a.view) - views.indexOf(b.view));
      return fitting.find((one) => isOpened(one, opened)) ?? fitting[0];
    };
    const [front, side] = [pick(FRONTAL), pick(LATERAL)];
    if (!front || !side || (front.bodyPart && side.bodyPart && front.bodyPart !== side.bodyPart)) return null;
    return pair(front, side, screen, NO_LINKS);
  },
};

/** Uptake beside anatomy, scrolled and moved together. */
const petAndCt: Rule = {
  name: "PET and CT",
  hang(tiles, opened, screen) {
    const stacks = stacksOf(tiles).filter(({ kind, frames }) => kind.frameOfReference && frames > 1);
    const best = (found: readonly Hangable[]): Hangable | undefined =>
      [...found].sort(
        (a, b) =>
          Number(isOpened(b, opened)) - Number(isOpened(a, opened)) ||
          Number(hasUptake(b)) - Number(hasUptake(a)) ||
          b.frames - a.frames,
      )[0];
    const pet = best(stacks.filter(({ modality }) => modality === "PT"));
    const ct = best(
      stacks.filter(
        ({ modality, kind }) => modality === "CT" && kind.frameOfReference === pet?.kind.frameOfReference,
      ),
    );
    if (!pet || !ct) return null;
    return pair(ct, pet, screen, { ...NO_LINKS, scroll: "position", place: true });
  },
};

function hasUptake({ kind }: Hangable): boolean {
  return kind.suv?.factor != null;
}

/** Side by side, or one above the other where the screen is upright. */
function pair(first: Hangable, second: Hangable, screen: Screen, links: Links): Hanging {
  const panes = [first, second].map(({ tile, slice }) => ({ tile, slice }));
  return { layout: screen === "wide" ? "1x2" : "2x1", panes, links };
}

function isOpened({ tile, slice }: Pick<Hangable, "tile" | "slice">, opened: Opened): boolean {
  return tile === opened.tile && (slice === null || slice === opened.slice);
}

export const RULES: readonly Rule[] = [mammogram, projections, petAndCt];

/**
 * How to hang a study beside the picture that is on the screen already; null for one pane. What does not have that picture
 * in it is not hung: nobody is shown one picture and then another one instead.
 */
export function hangingFor(
  tiles: readonly Tile[],
  opened: Opened,
  size: { readonly width: number; readonly height: number },
): Hanging | null {
  if (size.width <= 700 || size.height <= 480) return null;
  const screen: Screen = size.width > size.height ? "wide" : "upright";
  for (const { hang } of RULES) {
    const hanging = hang(tiles, opened, screen);
    if (hanging?.panes.some((pane) => isOpened(pane, opened))) return hanging;
  }
  return null;
}
