import { useSignal } from "@preact/signals";
import { connection } from "../connection";
import { fullDate, personName } from "../format";
import { t } from "../messages";
import { urlOf } from "../page";
import { documentPath, type DocumentTile } from "../study/documents";
import { documentTitle } from "../study/DocumentTiles";
import { Icon } from "../ui/Icon";
import { styleReport } from "./reportStyle";

/** A report, PDF or video in a pane, with whose it is above it. */
export function DocumentView({ tile }: { tile: DocumentTile }) {
  const { study, document } = tile;
  return (
    <section class="document" aria-label={documentTitle(tile)}>
      <header class="document-head">
        <strong title={study.name}>{personName(study.name) || t("list.noName")}</strong>
        <span>{study.id || t("list.noId")}</span>
        <span>{fullDate(document.date || study.date)}</span>
      </header>
      <Content tile={tile} />
    </section>
  );
}

function Content({ tile }: { tile: DocumentTile }) {
  const path = documentPath(tile);
  const title = documentTitle(tile);
  if (path === null) return <Refusal text={t("document.unshown")} />;
  const url = urlOf(path);
  if (tile.document.kind === "video") return <Video url={url} title={title} />;
  if (tile.document.kind === "report") return <ReportFrame url={url} title={title} />;
  // Phones mostly have no viewer for it inside a page.
  if (navigator.pdfViewerEnabled === false)
    return <Refusal text={t("document.noPdf")} url={url} title={title} />;
  return <iframe class="document-frame" src={url} title={title} />;
}

interface FileProps {
  readonly url: string;
  readonly title: string;
}

/** The server's HTML in a frame without scripts, in the colours of the page. */
export function ReportFrame({ url, title }: FileProps) {
  return (
    <iframe
      class="document-frame"
      sandbox="allow-same-origin"
      src={url}
      title={title}
      onLoad={({ currentTarget: { contentDocument, contentWindow } }) => {
        if (!contentDocument || !contentWindow) return;
        // Whoever has no session is led to the login page, which is no place for a frame.
        if (/\/(login|link\/ended)$/.test(contentDocument.location.pathname)) connection.value = "ended";
        styleReport(contentDocument, contentWindow);
      }}
    />
  );
}

/** Seconds that a key moves a video by, where it is not known how long a frame is. */
const STEP = 1 / 25;

function Video({ url, title }: FileProps) {
  const isBroken = useSignal(false);
  if (isBroken.value) return <Refusal text={t("document.noVideo")} url={url} title={title} />;
  return (
    // What was recorded in an operation has no words.
    // oxlint-disable-next-line jsx-a11y/media-has-caption
    <video
      class="document-video"
      src={url}
      controls
      loop
      playsInline
      preload="metadata"
      aria-label={title}
      title={t("document.videoKeys")}
      onError={() => {
        isBroken.value = true;
      }}
      onKeyDown={(event) => {
        const step = { ",": -STEP, ".": STEP }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        event.currentTarget.pause();
        event.currentTarget.currentTime += step;
      }}
    />
  );
}

/** What it is instead, and a way to have it all the same. */
function Refusal({ text, url, title }: Partial<FileProps> & { readonly text: string }) {
  return (
    <div class="empty">
      <Icon name="icon:file" />
      <p>{text}</p>
      {url !== undefined && (
        <a class="button" href={url} download={title}>
          <Icon name="icon:download" />
          {t("document.download")}
        </a>
      )}
    </div>
  );
}
