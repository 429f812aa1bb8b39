/** How the desk is divided into panes. */
import { t } from "../messages";

/** A division: grid lines of CSS, and which pane has which area. */
export interface Layout {
  readonly name: LayoutName;
  readonly rows: number;
  readonly columns: number;
  /** Top, left, height and width in cells of each pane, in reading order. */
  readonly areas: readonly (readonly [top: number, left: number, height: number, width: number])[];
}

type Side = 1 | 2 | 3 | 4;
export type LayoutName = `${Side}x${Side}` | "1-2" | "1-3" | "2-1" | "1/2" | "1/3";

const SIDES: readonly Side[] = [1, 2, 3, 4];

/** Rows by columns, all panes of one size. */
function regular(rows: Side, columns: Side): Layout {
  const areas = Array.from(
    { length: rows * columns },
    (_, index) => [Math.floor(index / columns), index % columns, 1, 1] as const,
  );
  return { name: `${rows}x${columns}`, rows, columns, areas };
}

/** Every division there is: 1x1 to 4x4, then those with one large pane. */
export const LAYOUTS: readonly Layout[] = [
  ...SIDES.flatMap((rows) => SIDES.map((columns) => regular(rows, columns))),
  {
    name: "1-2",
    rows: 2,
    columns: 3,
    areas: [
      [0, 0, 2, 2],
      [0, 2, 1, 1],
      [1, 2, 1, 1],
    ],
  },
  {
    name: "1-3",
    rows: 3,
    columns: 4,
    areas: [
      [0, 0, 3, 3],
      [0, 3, 1, 1],
      [1, 3, 1, 1],
      [2, 3, 1, 1],
    ],
  },
  {
    name: "2-1",
    rows: 2,
    columns: 3,
    areas: [
      [0, 0, 1, 1],
      [1, 0, 1, 1],
      [0, 1, 2, 2],
    ],
  },
  {
    name: "1/2",
    rows: 3,
    columns: 2,
    areas: [
      [0, 0, 2, 2],
      [2, 0, 1, 1],
      [2, 1, 1, 1],
    ],
  },
  {
    name: "1/3",
    rows: 3,
    columns: 3,
    areas: [
      [0, 0, 2, 3],
      [2, 0, 1, 1],
      [2, 1, 1, 1],
      [2, 2, 1, 1],
    ],
  },
];

/** The division of that name; one pane for a name that is none. */
export function layoutNamed(name: string | null): Layout {
  return LAYOUTS.find((layout) => layout.name === name) ?? (LAYOUTS[0] as Layout);
}

/** What a division is called. */
export function layoutTitle({ name, rows, columns, areas }: Layout): string {
  return /x/.test(name)
    ? t("layouts.regular", { rows, columns })
    : t(`layouts.${name.includes("/") ? "above" : name === "2-1" ? "right" : "left"}`, {
        count: areas.length - 1,
      });
}
