import { useCallback, useEffect, useMemo } from "preact/hooks";
import { t } from "../messages";
import { EdgeLetters, PatientCorner, QualityCorner, WindowCorner } from "../study/Annotations";
import type { Hold, Press } from "../study/gestures";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";
import type { Place } from "../study/source";
import { Stage } from "../study/Stage";
import { Icon } from "../ui/Icon";
import { BodyStage } from "./BodyStage";
import { Crosshair } from "./Crosshair";
import { FusionBar } from "./FusionBar";
import "./messages";
import type { Candidate } from "./fusing";
import { planePosition } from "./plan";
import { LinkedPlanes, type PlaneView } from "./planes";
import { PlanesBar } from "./PlanesBar";

/** Axial, coronal and sagittal side by side, or why there are none. */
export function PlanesView({ reader, reading }: { reader: Reader; reading: Reading }) {
  const planes = useMemo(() => new LinkedPlanes(reader, reading), [reader, reading]);
  useEffect(() => {
    void planes.start();
    return () => planes.close();
  }, [planes]);
  const [first] = planes.views.value;
  const rendering = reader.rendering.value;
  if (planes.refusal.value !== null) return <Refusal reader={reader} reason={planes.refusal.value} />;
  return (
    <>
      <div class={`planes${rendering ? " has-body" : ""}`}>
        {planes.views.value.map((view) => (
          <PlaneStage key={view.plane} reader={reader} reading={reading} planes={planes} view={view} />
        ))}
        {first && rendering && <BodyStage {...{ reader, reading, first, rendering }} />}
        <ProgressLine planes={planes} />
      </div>
      {first && <FusionBar reader={reader} candidates={planes.candidates.value} />}
      {first && <PlanesBar reader={reader} />}
      {planes.warnings.value.map((warning) => (
        <p key={warning} class="note">
          {warning}
        </p>
      ))}
    </>
  );
}

interface PlaneStageProps {
  readonly reader: Reader;
  readonly reading: Reading;
  readonly planes: LinkedPlanes;
  readonly view: PlaneView;
}

function PlaneStage({ reader, reading, planes, view }: PlaneStageProps) {
  const { viewport, plane } = view;
  const point = useCallback((at: { x: number; y: number }) => planes.pointAt(view, at), [planes, view]);
  const actions = useMemo(
    () => ({ take: (press: Press): Hold | null => planes.hold(view, press) }),
    [planes, view],
  );
  const isFirst = plane === "axial";
  const activate = useCallback(() => {
    reader.activePlane.value = viewport;
  }, [reader, viewport]);
  return (
    <Stage
      reader={reader}
      viewport={viewport}
      label={t(`mpr.plane.${plane}`)}
      isActive={reader.activePlane.value === viewport}
      onActivate={activate}
      onCrosshair={point}
      actions={actions}
    >
      {isFirst && <PatientCorner study={reading.tile.study} />}
      <PlaneCorner view={view} candidates={planes.candidates.value} />
      {isFirst && <WindowCorner viewport={viewport} />}
      <QualityCorner viewport={viewport} />
      <Crosshair planes={planes} view={view} hasHandles={reader.tool.value === "crosshair"} />
      <EdgeLetters viewport={viewport} />
    </Stage>
  );
}

interface PlaneCornerProps {
  readonly view: PlaneView;
  readonly candidates: readonly Candidate[];
}

/** Which plane is on the screen, and whether it shows voxels or something between them. */
function PlaneCorner({ view: { plane, viewport, grid }, candidates }: PlaneCornerProps) {
  const shown = viewport.shown.value;
  const { turned = false, count } = grid.value;
  const position = shown && planePosition(plane, shown.place.location ?? 0);
  return (
    <div class={`corner corner-top-right${plane === "axial" ? "" : " is-alone"}`}>
      <p class="strong">{t(turned ? `mpr.oblique.${plane}` : `mpr.plane.${plane}`)}</p>
      {shown && turned && <p>{t("study.slice", { number: shown.index + 1, count })}</p>}
      {shown && position && !turned && (
        <p>
          {t("mpr.position", { direction: position.letter, mm: position.mm.toFixed(1) })}
          <span class="optional"> · {t("study.slice", { number: shown.index + 1, count })}</span>
        </p>
      )}
      {shown && <SlabLine source={shown.place.source} />}
      {shown && <FusionLine source={shown.place.source} candidates={candidates} />}
    </div>
  );
}

/** How thick what is on the screen is, and how it was made of what lies across. */
function SlabLine({ source }: { source: Place["source"] }) {
  if (!("slab" in source) || !source.slab || !source.blend) return null;
  return <p>{t("mpr.slab", { mm: source.slab, blend: t(`mpr.blend.${source.blend}`) })}</p>;
}

/** What lies over what is on the screen. */
function FusionLine({ source, candidates }: { source: Place["source"]; candidates: readonly Candidate[] }) {
  const fusion = "fusion" in source ? source.fusion : undefined;
  const found = candidates.find(({ tile }) => tile.series.uid === fusion?.series);
  if (!fusion || !found) return null;
  const { modality } = found.tile.series;
  const top = fusion.window && found.suvFactor !== null ? fusion.window.width * found.suvFactor : null;
  return (
    <p>
      {top === null
        ? t("fusion.shown", { modality })
        : t("fusion.shownSuv", { modality, top: Math.round(top * 10) / 10 })}
    </p>
  );
}

function ProgressLine({ planes }: { planes: LinkedPlanes }) {
  const progress = planes.progress.value;
  if (!progress || progress.total === 0) return null;
  return (
    <div class="progress-line" role="status">
      <progress max={progress.total} value={progress.loaded} aria-label={t("mpr.progressLabel")} />
      <span>{t("mpr.progress", { loaded: progress.loaded, total: progress.total })}</span>
    </div>
  );
}

function Refusal({ reader, reason }: { reader: Reader; reason: string }) {
  return (
    <div class="empty" role="status">
      <Icon name="icon:axis-3d" />
      <h2>{t("mpr.refused.title")}</h2>
      <p>{reason}</p>
      <button type="button" onClick={() => reader.setPlanes(false)}>
        {t("mpr.refused.back")}
      </button>
    </div>
  );
}
