import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { plural, t, type MessageKey } from "../messages";
import { Icon } from "../ui/Icon";
import { EdgeLetters, PatientCorner, QualityCorner, SeriesCorner, WindowCorner } from "./Annotations";
import { Panels } from "./panels";
import type { Reader, Reading } from "./reader";
import { SeriesStrip } from "./SeriesStrip";
import { Stage } from "./Stage";
import { Toolbar } from "./Toolbar";

/** The whole page: tool bar, series, image. */
export function StudyPage({ reader }: { reader: Reader }) {
  const reading = reader.current.value;
  return (
    <>
      <Toolbar reader={reader} />
      <SeriesStrip reader={reader} />
      <main class="desk">
        <h1 class="sr-only">{t("study.title")}</h1>
        {reading ? <Desk reader={reader} reading={reading} /> : <NoPictures reader={reader} />}
        {reader.data.session.link && <LinkNote reader={reader} />}
      </main>
      <Panels reader={reader} />
    </>
  );
}

function Desk({ reader, reading }: { reader: Reader; reading: Reading }) {
  return reader.layout.value === "planes" ? (
    <Planes key={reading.series.uid} reader={reader} reading={reading} />
  ) : (
    <Stack key={reading.series.uid} reader={reader} reading={reading} />
  );
}

function Stack({ reader, reading }: { reader: Reader; reading: Reading }) {
  const { series, viewport } = reading;
  const letters = viewport.shown.value?.place.letters ?? null;
  const unreadable = series.stack?.unreadable;
  return (
    <>
      <Stage reader={reader} viewport={viewport} label={series.description || series.modality}>
        <PatientCorner study={reader.data.study} />
        <SeriesCorner series={series} viewport={viewport} />
        <WindowCorner viewport={viewport} />
        <QualityCorner viewport={viewport} />
        <EdgeLetters letters={letters} />
      </Stage>
      {unreadable && (
        <p class="note">{plural("study.unreadable", unreadable[0], { reason: unreadable[1] })}</p>
      )}
    </>
  );
}

interface PlanesProps {
  readonly reader: Reader;
  readonly reading: Reading;
}

/** The planes' code arrives when somebody first wants planes. */
const planesView = signal<ComponentType<PlanesProps> | null>(null);

async function loadPlanesView(): Promise<void> {
  planesView.value = (await import("../mpr/PlanesView")).PlanesView;
}

function Planes(props: PlanesProps) {
  useEffect(() => {
    void loadPlanesView();
  }, []);
  const View = planesView.value;
  return View ? <View {...props} /> : null;
}

function NoPictures({ reader }: { reader: Reader }) {
  const broken = reader.series.value.find((series) => series.error !== null);
  const kinds = [...new Set(reader.series.value.map((series) => series.modality))].join(", ");
  return (
    <div class="empty">
      <Icon name="icon:image-off" />
      <h2>{t("study.noSeries.title")}</h2>
      <p>{broken?.error ?? t("study.noSeries.text", { kinds })}</p>
    </div>
  );
}

/** What a link may do, and until when. */
function LinkNote({ reader }: { reader: Reader }) {
  const until = reader.data.session.expires;
  const verbs = reader.data.session.verbs
    .filter((verb) => ["view", "download", "annotate", "report", "share"].includes(verb))
    .map((verb) => t(`study.verb.${verb}` as MessageKey))
    .join(t("study.linkJoin"));
  const format = { dateStyle: "medium", timeStyle: "short" } as const;
  return (
    <p class="note">
      {until && (
        <span>{t("study.linkUntil", { time: new Date(until).toLocaleString(undefined, format) })}</span>
      )}{" "}
      <span>{t("study.linkVerbs", { verbs })}</span>
    </p>
  );
}
