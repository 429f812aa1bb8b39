/** The values of one pixel of what is shown, from the device or from the server, in words. */
import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { getJson } from "../api";
import { probed } from "../format";
import type { Point } from "../geometry";
import { t } from "../messages";
import type { ValueAnswer } from "../study/data";
import type { Place } from "../study/source";
import type { Viewport } from "../study/viewport";
import { valueAt, type PixelValue } from "./pixelValues";

/** What is read at a pixel; null where there is nothing to be said. */
export interface ProbeText {
  readonly value: string | null;
  readonly stored: string | null;
  readonly suv: string | null;
}

const NOTHING: ProbeText = { value: null, stored: null, suv: null };
/** The server is asked once the pointer has rested for so long. */
const REST_MS = 80;

/** What to say of the pixel at a point of the picture; null: the pointer is elsewhere. */
export function useProbe(viewport: Viewport, at: Point | null): ProbeText {
  const { place = null, frame = null } = viewport.shown.value ?? {};
  const [column, row] = at ? [Math.floor(at.x), Math.floor(at.y)] : [-1, -1];
  const isStored = place !== null && "instance" in place.source;
  const answer = useServer(viewport, at && isStored && !frame ? place : null, column, row);
  if (!place || !at) return NOTHING;
  if ("state" in place.source) return said(t("presented.noProbe"));
  if (!isStored) return said(t("probe.resampled"));
  if (!frame)
    return typeof answer === "object" && answer ? ofServer(answer) : said(answer ?? t("probe.waiting"));
  const read = valueAt(frame, column, row);
  if (!read) return NOTHING;
  return { value: valueLine(read, place), stored: probed(read.stored), suv: suvLine(read, place) };
}

function said(value: string): ProbeText {
  return { ...NOTHING, value };
}

/** What is known, and of which pixel. */
interface Found {
  readonly of: string;
  readonly answer: ValueAnswer | string;
}

/** What the server says of a pixel, or why it says nothing. */
function useServer(
  { source }: Viewport,
  place: Place | null,
  column: number,
  row: number,
): ValueAnswer | string | null {
  const found = useMemo(() => signal<Found | null>(null), []);
  const of = place ? `${nameOf(place)} ${column} ${row}` : "";
  useEffect(() => {
    if (!place || !("instance" in place.source)) return undefined;
    const { instance, frame } = place.source;
    const path = `sightline/api/studies/${source.study}/series/${source.series}/instances/${instance}`;
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const query = `row=${row}&column=${column}`;
        const url = `${path}/frames/${frame}/value?${query}`;
        found.value = { of, answer: await getJson<ValueAnswer>(url, abort.signal) };
      } catch (error) {
        if (!abort.signal.aborted)
          found.value = { of, answer: error instanceof Error ? error.message : String(error) };
      }
    };
    const timer = setTimeout(() => void ask(), REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [of]);
  return found.value?.of === of ? found.value.answer : null;
}

function nameOf({ source }: Place): string {
  return "instance" in source ? `${source.instance}/${source.frame}` : "";
}

function valueLine({ modality, isPadding }: PixelValue, { unit }: Place): string {
  if (isPadding) return t("probe.padding");
  if (modality === null) return t("probe.lookUpTable");
  return withUnit(modality, unit);
}

/** Standardised uptake, or why there is none. */
function suvLine({ modality }: PixelValue, { suv }: Place): string | null {
  if (!suv || modality === null) return null;
  if (suv.factor === null) return suv.reason;
  return t("probe.suvValue", { value: (modality * suv.factor).toFixed(2) });
}

function ofServer({ stored, padding, modality, suv }: ValueAnswer): ProbeText {
  const isColour = Array.isArray(stored);
  return {
    stored: isColour ? stored.join(", ") : stored === null ? null : probed(stored as number),
    value: padding
      ? t("probe.padding")
      : modality
        ? withUnit(modality.value, modality.unit)
        : isColour
          ? t("probe.colour")
          : null,
    suv: suv && (suv.value === null ? suv.reason : t("probe.suvValue", { value: suv.value.toFixed(2) })),
  };
}

function withUnit(value: number, unit: string): string {
  return [probed(value), unit].filter(Boolean).join(" ");
}
