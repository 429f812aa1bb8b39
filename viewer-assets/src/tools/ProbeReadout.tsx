import { toImage, type Point } from "../geometry";
import { t } from "../messages";
import type { Pointer } from "../study/reader";
import type { Place } from "../study/source";
import type { Viewport } from "../study/viewport";
import { patientPoint } from "./pixelValues";
import { useProbe } from "./useProbe";

/** How far above a finger its value is written. */
const ABOVE_FINGER = 56;

/** Values under the pointer, always in the same place; above the finger too, which hides what it points at. */
export function ProbeReadout({ viewport, pointer }: { viewport: Viewport; pointer: Pointer | null }) {
  const shown = viewport.shown.value;
  const pose = viewport.pose();
  const { columns = 0, rows = 0 } = shown?.place.geometry ?? {};
  const under = pointer && shown && pose ? toImage(pointer.point, shown.place.geometry, pose) : null;
  const at = under && under.x >= 0 && under.y >= 0 && under.x < columns && under.y < rows ? under : null;
  const { value, stored, suv } = useProbe(viewport, at);
  if (!shown) return null;
  const { place } = shown;
  const none = t("probe.none");
  return (
    <>
      <dl class="probe" aria-live="polite">
        <Row name={t("probe.value")} value={value ?? none} />
        {place.suv && <Row name={t("probe.suv")} value={suv ?? none} />}
        <Row name={t("probe.stored")} value={stored ?? none} />
        <Row name={t("probe.pixel")} value={at ? pixelLine(at) : none} />
        <Row name={t("probe.patient")} value={(at && patientLine(place, at)) ?? none} />
      </dl>
      {pointer && at && <Mark pointer={pointer} text={place.suv?.factor && suv ? suv : (value ?? none)} />}
    </>
  );
}

function Row({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd title={value}>{value}</dd>
    </div>
  );
}

/** Where exactly it is, and for a finger what is there. */
function Mark({ pointer: { point, isTouch }, text }: { pointer: Pointer; text: string }) {
  const left = `${point.x}px`;
  return (
    <>
      <span class="probe-mark" style={{ left, top: `${point.y}px` }} />
      {isTouch && (
        <span
          class="probe-bubble"
          aria-hidden="true"
          style={{ left, top: `${Math.max(24, point.y - ABOVE_FINGER)}px` }}
        >
          {text}
        </span>
      )}
    </>
  );
}

function pixelLine({ x, y }: Point): string {
  return t("probe.columnRow", { column: Math.floor(x) + 1, row: Math.floor(y) + 1 });
}

function patientLine(place: Place, at: Point): string | null {
  const point = patientPoint(place, at);
  if (!point) return null;
  const [x, y, z] = point;
  const sides = [side(x, "L", "R"), side(y, "P", "A"), side(z, "H", "F")];
  return t("probe.mm", { place: sides.join("  ") });
}

/** A coordinate as a letter and a distance without sign. */
function side(mm: number, positive: string, negative: string): string {
  return `${mm >= 0 ? positive : negative} ${Math.abs(mm).toFixed(1)}`;
}
