import { toScreen, type Point } from "../geometry";
import { t } from "../messages";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";
import { Icon, type IconName } from "../ui/Icon";
import type { LinkedViewports, Sign } from "./LinkedViewports";
import { cutOf, isAligned, type PatientPlane } from "./patientPlane";

interface OverlayProps {
  readonly reader: Reader;
  readonly linked: LinkedViewports;
  readonly reading: Reading;
}

/** What a viewport shows of the others: where their slice cuts its own, and the point that the crosshair chose. */
export function LinkOverlay(props: OverlayProps) {
  const { viewport } = props.reading;
  const { width, height } = viewport.size.value;
  const place = viewport.shown.value?.place;
  const pose = viewport.pose(place);
  if (!place || !pose) return null;
  const onScreen = (point: Point): Point => toScreen(point, place.geometry, pose);
  const mark = props.linked.markOn(props.reading);
  return (
    <>
      <svg class="link-overlay" aria-hidden="true" width={width} height={height}>
        {place.plane && <ReferenceLines {...props} plane={place.plane} onScreen={onScreen} />}
        {mark && <MarkCross at={onScreen(mark)} />}
      </svg>
      <Refusal {...props} />
    </>
  );
}

interface LinesProps extends OverlayProps {
  readonly plane: PatientPlane;
  readonly onScreen: (point: Point) => Point;
}

/** The slice of the active viewport as a line; its stack's first and last one faint. */
function ReferenceLines({ reader, linked, reading, plane, onScreen }: LinesProps) {
  const active = reader.current.value;
  if (!reader.links.value.lines) return null;
  const lines = active && active !== reading ? planesToShow(linked, active) : [];
  return (
    <>
      {[...lines, ...linked.elsewhere.value].map(({ other, isEnd }, index) => {
        const cut = cutOf(plane, other);
        if (!cut) return null;
        const [from, to] = [cut.from, cut.to].map(({ row, column }) =>
          onScreen({ x: column + 0.5, y: row + 0.5 }),
        );
        if (!from || !to) return null;
        const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
        return <line key={index} class={isEnd ? "reference is-end" : "reference"} {...ends} />;
      })}
    </>
  );
}

/** A plane of another viewport; `isEnd` of the first and the last slice. */
export interface ForeignPlane {
  readonly other: PatientPlane;
  readonly isEnd: boolean;
}

function planesToShow(linked: LinkedViewports, { viewport }: Reading): readonly ForeignPlane[] {
  const own = viewport.shown.value?.place.plane;
  if (!own) return [];
  const planes = linked.planesOf(viewport.source);
  const ends = [planes[0], planes.at(-1)]
    .filter((plane) => plane != null && plane.origin !== own.origin && isAligned(plane, own))
    .map((plane) => ({ other: plane as PatientPlane, isEnd: true }));
  return [...ends, { other: own, isEnd: false }];
}

/** A cross with an open middle, so that it hides nothing. */
function MarkCross({ at: { x, y } }: { at: Point }) {
  const [inner, outer] = [5, 16];
  return (
    <path
      class="link-mark"
      d={`M${x - outer} ${y}H${x - inner}M${x + inner} ${y}H${x + outer}M${x} ${y - outer}V${y - inner}M${x} ${y + inner}V${y + outer}`}
    />
  );
}

/** While the crosshair is in the hand: why it does not reach this viewport. */
function Refusal({ reader, linked, reading }: OverlayProps) {
  const active = reader.current.value;
  if (reader.tool.value !== "crosshair" || !active || active === reading) return null;
  const reason = linked.refusal(active, reading);
  return reason && <p class="link-refusal">{t(reason)}</p>;
}

const SIGNS: Readonly<Record<Sign, IconName>> = {
  scroll: "icon:arrow-up-down",
  window: "icon:sun-medium",
  place: "icon:zoom-in",
};

/** What this viewport does together with others, as small signs in its corner. */
export function LinkSigns({ linked, reading }: OverlayProps) {
  const signs = linked.signs(reading);
  if (signs.length === 0) return null;
  const names = signs.map((sign) => t(`link.sign.${sign}`));
  return (
    <p class="link-signs" role="img" aria-label={names.join(", ")} title={names.join(", ")}>
      <Icon name="icon:link" />
      {signs.map((sign) => (
        <Icon key={sign} name={SIGNS[sign]} />
      ))}
    </p>
  );
}
