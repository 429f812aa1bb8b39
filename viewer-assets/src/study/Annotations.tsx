import type { ComponentChildren } from "preact";
import { measured, age, fullDate, personName } from "../format";
import { columnScale, scaleBar, screenScale, turnedEdges } from "../geometry";
import { t, type MessageKey } from "../messages";
import { later } from "../ui/later";
import type { Series, Study } from "./data";
import type { Shown, Viewport } from "./viewport";

/** Letters that say where each edge lies in the patient. Never hidden at any size. */
export function EdgeLetters({ viewport }: { viewport: Viewport }) {
  const own = viewport.shown.value?.place.letters;
  if (!own) return null;
  const letters = turnedEdges(own, viewport.placement.value.turn);
  const edges = ["left", "right", "top", "bottom"] as const;
  return (
    <>
      {edges.map((edge, index) => (
        <span key={edge} class={`edge edge-${edge}`}>
          {letters[index]}
        </span>
      ))}
    </>
  );
}

/** Who and what: name and id always, the rest where there is room. */
export function PatientCorner({ study }: { study: Study }) {
  const years = age(study.birthDate, study.date);
  const sex = `sex.${study.sex}` as MessageKey;
  const about = [
    study.id || t("list.noId"),
    ["M", "F", "O"].includes(study.sex) ? t(sex) : "",
    years === null ? "" : t("patient.age", { age: years }),
  ].filter(Boolean);
  return (
    <div class="corner corner-top-left">
      <p class="strong" title={study.name}>
        {personName(study.name) || t("list.noName")}
      </p>
      <p title={study.birthDate ? t("patient.born", { date: fullDate(study.birthDate) }) : ""}>
        {about.join(" · ")}
      </p>
      <p class="optional">{[fullDate(study.date), study.description].filter(Boolean).join(" · ")}</p>
    </div>
  );
}

interface SeriesCornerProps {
  readonly series: Series;
  /** Which stack of the series. */
  readonly label?: string;
  readonly viewport: Viewport;
  readonly children?: ComponentChildren;
}

/** Which series and which slice of it is on the screen. */
export function SeriesCorner({ series, label = "", viewport, children }: SeriesCornerProps) {
  const shown = viewport.shown.value;
  const { count } = viewport.source;
  return (
    <div class="corner corner-top-right">
      <p class="strong" aria-live="off">
        {shown ? t("study.slice", { number: shown.index + 1, count }) : ""}
      </p>
      <p class="optional">
        {[series.number ?? "", series.description || series.modality].filter(Boolean).join(" · ")}
      </p>
      {label && <p>{label}</p>}
      {shown?.place.location != null && count > 1 && (
        <p class="optional">
          {t("study.location", { mm: shown.place.location.toFixed(1).replace("-", "\u2212") })}
        </p>
      )}
      {children}
    </div>
  );
}

/** Window as it was applied, and enlargement. */
export function WindowCorner({ viewport }: { viewport: Viewport }) {
  const shown = viewport.shown.value;
  if (!shown) return null;
  const pose = viewport.pose(shown.place);
  const zoom = pose ? columnScale(shown.place.geometry, pose) : 1;
  return (
    <div class="corner corner-bottom-left">
      <p class="strong">{windowLine(shown)}</p>
      <p class="optional">{[t("study.zoom", { zoom: zoom.toFixed(2) }), ...changesOf(shown)].join(" · ")}</p>
    </div>
  );
}

/** What the reader changed that the picture itself may not give away. */
function changesOf({ inverted, shading, place }: Shown): readonly string[] {
  const { filter, overlays, shutter } = shading;
  return [
    inverted ? t("study.inverted") : "",
    filter && !place.colour ? t(`filter.${filter}`) : "",
    overlays ? "" : t("study.noOverlays"),
    shutter ? "" : t("study.noShutter"),
  ].filter(Boolean);
}

function windowLine(shown: Shown): string {
  if (shown.place.colour) return t("study.colour");
  if (!shown.window) return t(shown.place.voiLut ? "study.windowLut" : "preset.full");
  const { center, width } = shown.window;
  return t("study.window", { center: measured(center), width: measured(width) });
}

const OrientationCube = later(async () => (await import("../tools/OrientationCube")).OrientationCube);

/** Whether what is seen is exact, and how large it is. The quality block is never hidden. */
export function QualityCorner({ viewport }: { viewport: Viewport }) {
  const shown = viewport.shown.value;
  if (!shown) return null;
  return (
    <div class="corner corner-bottom-right">
      <OrientationCube viewport={viewport} />
      <Scale viewport={viewport} shown={shown} />
      <Quality shown={shown} />
    </div>
  );
}

/** Green square: exact. Amber triangle: lossy. Red disc: a preview. The word says it too, and what else was done. */
export function Quality({ shown }: { shown: Shown }) {
  const { place, lossy, draft, path, shading } = shown;
  const isStored = place.storedLossy && path.includes("format=png");
  const state = draft ? "preview" : !lossy ? "exact" : isStored ? "lossyStored" : "lossy";
  const words = [
    t(`study.quality.${state}`),
    place.asked ? t("body.rendered") : "",
    place.resampled ? t("study.quality.resampled") : "",
    shading.filter && !place.colour ? t("study.quality.filtered") : "",
  ];
  return (
    <p
      class={`quality quality-${state === "lossyStored" ? "lossy" : state}`}
      title={t(`study.qualityLabel.${state}`)}
    >
      {words.filter(Boolean).join(" · ")}
    </p>
  );
}

function Scale({ viewport, shown }: { viewport: Viewport; shown: Shown }) {
  const pose = viewport.pose(shown.place);
  const perMm = pose && screenScale(shown.place.geometry, pose);
  if (!perMm) return <p class="optional">{t("study.noScale")}</p>;
  const { mm, pixels } = scaleBar(perMm, Math.min(120, viewport.size.value.width / 5));
  const inCm = mm >= 10;
  const detector = shown.place.spacingOrigin && shown.place.spacingOrigin !== "PixelSpacing";
  return (
    <p class="scale">
      {t(detector ? "study.scaleDetector" : "study.scale", {
        length: measured(inCm ? mm / 10 : mm),
        unit: t(inCm ? "study.cm" : "study.mm"),
      })}
      <span class="scale-bar" style={{ width: `${pixels}px` }} />
    </p>
  );
}
