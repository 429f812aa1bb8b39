/** Hangs a study as the rules say, around the picture that is on the screen. */
import { batch } from "@preact/signals";
import { FITTED, UPRIGHT, type Placement } from "../geometry";
import type { Reader } from "../study/reader";
import { tilesOf } from "../study/tiles";
import { hangingFor, type Hung } from "./rules";

/** Hang the study, unless somebody has begun to arrange it. */
export function hang(reader: Reader): void {
  const [answer] = reader.studies.peek();
  const reading = reader.current.peek();
  const isTouched =
    reader.layout.peek() !== "1x1" || reader.planes.peek() || reader.history.undoable.peek() !== null;
  if (!answer || !reading || isTouched || reading.tile.study.uid !== reader.study.uid) return;
  const opened = { tile: reading.tile.key, slice: reading.viewport.index.peek() };
  const size = { width: globalThis.innerWidth, height: globalThis.innerHeight };
  const hanging = hangingFor(tilesOf(answer), opened, size);
  if (!hanging) return;
  const here = hanging.panes.findIndex(
    ({ tile, slice }) => tile === opened.tile && (slice === null || slice === opened.slice),
  );
  batch(() => {
    reader.setLayout(hanging.layout, false);
    reader.swap(0, here);
    for (const [index, pane] of hanging.panes.entries()) {
      if (index !== here) reader.open(pane.tile, pane.slice ?? undefined, index);
      const viewport = reader.panes.peek()[index]?.reading.peek()?.viewport;
      if (viewport) viewport.placement.value = placementOf(pane);
    }
    reader.activePane.value = here;
    reader.links.value = hanging.links;
  });
}

function placementOf({ side, mirrored = false }: Hung): Placement {
  return { ...FITTED, turn: { ...UPRIGHT, mirrored }, ...(side && { side }) };
}
