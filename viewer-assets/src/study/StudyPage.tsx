import { useEffect } from "preact/hooks";
import { t, type MessageKey } from "../messages";
import { Icon } from "../ui/Icon";
import { later } from "../ui/later";
import { ConnectionNote } from "./ConnectionNote";
import { Panels } from "./panels";
import { Panes } from "./Panes";
import type { Reader } from "./reader";
import type { Reading } from "./reading";
import { SeriesStrip } from "./SeriesStrip";
import { Toolbar } from "./Toolbar";

/** The whole page: tool bar, series, image. */
export function StudyPage({ reader }: { reader: Reader }) {
  return (
    <>
      <Toolbar reader={reader} />
      <SeriesStrip reader={reader} />
      <main class="desk on-black">
        <h1 class="sr-only">{t("study.title")}</h1>
        <Desk reader={reader} />
        <ConnectionNote reader={reader} />
        {reader.notice.value !== null && <Notice reader={reader} text={reader.notice.value} />}
        {reader.introducing.value && <FirstSteps reader={reader} />}
        {reader.session.link && reader.session.launch === null && <LinkNote reader={reader} />}
      </main>
      <p class="sr-only" role="status">
        {reader.said.value}
      </p>
      {reader.tags.value && <TagBrowser reader={reader} />}
      {reader.findingsShown.value && <FindingsPanel reader={reader} />}
      {reader.reportShown.value && <ReportingPanel reader={reader} />}
      <Panels reader={reader} />
    </>
  );
}

function Desk({ reader }: { reader: Reader }) {
  const reading = reader.current.value;
  if (reader.planes.value && reading)
    return <Planes key={reading.tile.key} reader={reader} reading={reading} />;
  const hasAny = reader.tiles.value.some((tile) => tile.stack) || reader.documents.value.length > 0;
  const isEmpty = reader.started.value && !hasAny;
  return isEmpty ? <NoPictures reader={reader} /> : <Panes reader={reader} />;
}

interface PlanesProps {
  readonly reader: Reader;
  readonly reading: Reading;
}

const FirstSteps = later(async () => (await import("../shell/FirstSteps")).FirstSteps);

/** The planes' code arrives when somebody first wants planes. */
const Planes = later<PlanesProps>(async () => (await import("../mpr/PlanesView")).PlanesView);
const FindingsPanel = later(async () => (await import("../findings/load")).FindingsPanel);
const ReportingPanel = later(async () => (await import("../reporting/load")).ReportingPanel);
const TagBrowser = later(async () => (await import("../tools/all")).TagBrowser);

function NoPictures({ reader }: { reader: Reader }) {
  const series = reader.studies.value.flatMap((answer) => answer.series);
  const broken = series.find(({ error }) => error !== null);
  const kinds = [...new Set(series.map(({ modality }) => modality))].join(", ");
  return (
    <div class="empty">
      <Icon name="icon:image-off" />
      <h2>{t("study.noSeries.title")}</h2>
      <p>{broken?.error ?? t("study.noSeries.text", { kinds })}</p>
    </div>
  );
}

const NOTICE_MS = 8000;

/** Something that happened by itself, for a while. */
function Notice({ reader, text }: { reader: Reader; text: string }) {
  useEffect(() => {
    const timer = setTimeout(() => {
      reader.notice.value = null;
    }, NOTICE_MS);
    return () => clearTimeout(timer);
  }, [reader, text]);
  return (
    <p class="note" role="status">
      {text}
    </p>
  );
}

/** What a link may do, and until when. */
function LinkNote({ reader }: { reader: Reader }) {
  const until = reader.session.expires;
  const verbs = reader.session.verbs
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
