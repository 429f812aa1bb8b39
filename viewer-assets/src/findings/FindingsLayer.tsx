/** The findings of a slice over its picture: shapes, words and handles, and what the hand is just doing. */
import { useComputed } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { Rectangle } from "../geometry";
import { t } from "../messages";
import type { Reader } from "../study/reader";
import type { Viewport } from "../study/viewport";
import { Lens } from "../tools/Lens";
import { DraftView, EditedView, Highlight, KeyCross } from "./Moving";
import type { Mark } from "./marks";
import { Handles, LabelView, Lines, Shape } from "./Shape";
import { listenForPencilKeys } from "./pencilKeys";
import { pencilOf, type Pencil } from "./pencil";
import type { Sight, SightOf } from "./sights";
import { TextEntry } from "./TextEntry";

export interface LayerProps {
  readonly reader: Reader;
  readonly viewport: Viewport;
}

export function FindingsLayer({ reader, viewport }: LayerProps) {
  const pencil = useMemo(() => pencilOf(reader), [reader]);
  const sightOf = pencil.sightOf(viewport);
  const isActive = reader.active.value === viewport;
  useEffect(
    () => (isActive ? listenForPencilKeys(pencil, viewport) : undefined),
    [pencil, viewport, isActive],
  );
  return (
    <>
      <Findings pencil={pencil} sightOf={sightOf} viewport={viewport} />
      <Loupe pencil={pencil} viewport={viewport} />
      <Entry pencil={pencil} viewport={viewport} />
    </>
  );
}

interface PartProps {
  readonly pencil: Pencil;
  readonly viewport: Viewport;
}

/** Follows what is stored and where the image lies; what follows the hand are parts of their own. */
function Findings({ pencil, sightOf, viewport }: PartProps & { readonly sightOf: SightOf }) {
  const editedId = useComputed(() => pencil.edited.value?.id ?? null);
  const sight = sightOf.current.value;
  const { width, height } = viewport.size.value;
  const layer = useRef<SVGSVGElement>(null);
  useTaken(sightOf, viewport, layer, sight !== null && sight.marks.length > 0);
  useValues(sightOf, sight);
  if (!sight) return null;
  const still = sight.marks.filter(({ finding }) => finding.id !== editedId.value);
  return (
    <svg ref={layer} class="findings" role="group" aria-label={t("draw.layer")} width={width} height={height}>
      {still.map((mark) => (
        <Piece key={mark.finding.id} pencil={pencil} sightOf={sightOf} sight={sight} mark={mark} />
      ))}
      {sight.reported.map((mark) => (
        <Reported key={mark.finding.id} sightOf={sightOf} sight={sight} mark={mark} />
      ))}
      <Highlight pencil={pencil} sight={sight} />
      <EditedView pencil={pencil} sightOf={sightOf} />
      <DraftView pencil={pencil} sightOf={sightOf} viewport={viewport} />
      <KeyCross pencil={pencil} viewport={viewport} />
    </svg>
  );
}

interface PieceProps {
  readonly pencil: Pencil;
  readonly sightOf: SightOf;
  readonly sight: Sight;
  readonly mark: Mark;
}

function Piece({ pencil, sightOf, sight, mark }: PieceProps) {
  const { id } = mark.finding;
  const isSelected = useComputed(() => pencil.reader.selectedFinding.value === id).value;
  const label = sight.labels.get(id);
  const name = sightOf.spoken(mark.finding, sight.place);
  return (
    <>
      {label && <LabelView label={label} colour={mark.finding.colour} isSelected={isSelected} />}
      <Shape pencil={pencil} mark={mark} name={name} isSelected={isSelected} />
      {isSelected && <Handles pencil={pencil} mark={mark} name={name} />}
    </>
  );
}

/** A finding of a stored report: to be seen, not to be changed. */
function Reported({ sightOf, sight, mark }: Omit<PieceProps, "pencil">) {
  const { finding } = mark;
  const label = sight.labels.get(finding.id);
  return (
    <>
      {label && <LabelView label={label} colour={finding.colour} />}
      <g
        class={`finding is-reported finding-colour-${finding.colour}`}
        role="img"
        aria-label={t("draw.reported", { name: sightOf.spoken(finding, sight.place) })}
      >
        <Lines mark={mark} />
      </g>
    </>
  );
}

const VALUES_MS = 250;

/** Values in areas are asked for once the hand rests. */
function useValues(sightOf: SightOf, sight: Sight | null): void {
  useEffect(() => {
    const timer = setTimeout(() => sightOf.wantValues(), VALUES_MS);
    return () => clearTimeout(timer);
  }, [sightOf, sight?.marks]);
  useEffect(() => () => sightOf.leave(), [sightOf]);
}

const CORNERS = ":scope > .corner, :scope > .edge";

/** Words keep off what stands in the corners and at the edges of the picture. */
function useTaken(
  sightOf: SightOf,
  viewport: Viewport,
  layer: RefObject<SVGSVGElement>,
  isWanted: boolean,
): void {
  const { width, height } = viewport.size.value;
  const index = viewport.shown.value?.index;
  useLayoutEffect(() => {
    const picture = layer.current?.parentElement;
    if (!isWanted || !picture) return;
    const around = picture.getBoundingClientRect();
    const boxes = [...picture.querySelectorAll(CORNERS)].map((element): Rectangle => {
      const { x, y, width: wide, height: high } = element.getBoundingClientRect();
      return { x: x - around.x, y: y - around.y, width: wide, height: high };
    });
    const next = boxes.filter((box) => box.width > 0);
    if (JSON.stringify(next) !== JSON.stringify(sightOf.taken.peek())) sightOf.taken.value = next;
  }, [sightOf, width, height, index, isWanted]);
}

/** What the finger hides, with a cross at what it means. */
function Loupe({ pencil, viewport }: PartProps) {
  const loupe = pencil.loupe.value;
  if (!loupe || loupe.viewport !== viewport) return null;
  const pointer = { viewport, point: loupe.point, start: null, tool: "magnify", isTouch: true } as const;
  return (
    <Lens reader={pencil.reader} pointer={pointer}>
      <span class="lens-cross" />
    </Lens>
  );
}

function Entry({ pencil, viewport }: PartProps) {
  const entry = pencil.entry.value;
  return entry?.viewport === viewport ? (
    <TextEntry key={entry.finding.id} pencil={pencil} entry={entry} />
  ) : null;
}
