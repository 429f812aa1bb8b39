import { viewPath } from "../address";
import { fullDate, personName } from "../format";
import { plural, t } from "../messages";
import type { PanelProps } from "../study/panels";
import { tileName } from "../study/Panes";
import type { Reader } from "../study/reader";
import { Icon } from "../ui/Icon";
import { Sheet } from "../ui/Sheet";
import { Thumb } from "../ui/Thumb";
import { findFrame, goToFrame } from "./jump";
import { keyOf, TITLES, type KeyDocument, type KeyImage, type KeyTitle, type OthersKeyImage } from "./model";

const THUMBNAIL_SIZE = 160;

/** All key images: the reader's own to change, those of others to go to, and documents to leaf through. */
export function KeyImagesPanel({ reader, close }: PanelProps) {
  const { keyImages } = reader;
  const own = [...keyImages.all.value.values()];
  const others = keyImages.others.value;
  const documents = keyImages.documents.value.filter(({ isOfMarks }) => !isOfMarks);
  return (
    <Sheet title={t("starred.title")} kind="side" onClose={close}>
      {own.length > 0 ? (
        <ul class="key-list" aria-label={t("starred.own")}>
          {own.map((mark) => (
            <OwnRow key={keyOf(mark)} reader={reader} mark={mark} />
          ))}
        </ul>
      ) : (
        <p class="quiet">{t("starred.empty")}</p>
      )}
      <KeptLine reader={reader} count={own.length} />
      {others.length > 0 && (
        <section>
          <h3>{t("starred.others")}</h3>
          <ul class="key-list">
            {others.map((mark) => (
              <OthersRow key={`${keyOf(mark)} ${mark.author}`} reader={reader} mark={mark} />
            ))}
          </ul>
        </section>
      )}
      {documents.length > 0 && (
        <section>
          <h3>{t("starred.documents")}</h3>
          <ul class="key-list">
            {documents.map((document) => (
              <DocumentRow key={document.instance} reader={reader} document={document} close={close} />
            ))}
          </ul>
        </section>
      )}
    </Sheet>
  );
}

/** Whether what is marked is kept, and how. */
function KeptLine({ reader: { keyImages }, count }: { reader: Reader; count: number }) {
  const { isKept, isSaved, problem } = keyImages;
  if (problem.value !== null) return <p class="key-state is-bad">{problem.value}</p>;
  if (isKept.value === false) return <p class="key-state is-bad">{t("starred.notKept")}</p>;
  if (count === 0) return null;
  return <p class="key-state">{t(isSaved.value ? "starred.stored" : "starred.kept")}</p>;
}

/** What an image is called: its series, and its number there. */
function nameOf(reader: Reader, mark: KeyImage): string {
  const found = findFrame(reader.tiles.value, mark);
  return found
    ? t("starred.image", { series: tileName(found.tile), number: found.slice + 1 })
    : t("starred.elsewhere");
}

function Picture({ reader, mark }: { reader: Reader; mark: KeyImage }) {
  const { study, series, instance, frame } = mark;
  const path = viewPath({ study, series, source: { instance, frame }, size: THUMBNAIL_SIZE });
  const name = nameOf(reader, mark);
  return (
    <button
      type="button"
      class="key-picture"
      aria-label={t("starred.goTo", { name })}
      onClick={() => goToFrame(reader, mark)}
    >
      <Thumb path={path} />
    </button>
  );
}

function OwnRow({ reader, mark }: { reader: Reader; mark: KeyImage }) {
  const { keyImages } = reader;
  const name = nameOf(reader, mark);
  return (
    <li class="key-row">
      <Picture reader={reader} mark={mark} />
      <div class="key-about">
        <span class="key-name">{name}</span>
        <select
          aria-label={t("starred.reasonOf", { name })}
          value={mark.title}
          onChange={(event) => {
            const title = event.currentTarget.value as KeyTitle;
            reader.change("starred.reason", () => keyImages.put({ ...mark, title }));
          }}
        >
          {TITLES.map((title) => (
            <option key={title} value={title}>
              {t(`keytitle.${title}`)}
            </option>
          ))}
        </select>
      </div>
      <button
        type="button"
        class="plain"
        title={t("starred.remove")}
        aria-label={t("starred.removeOf", { name })}
        onClick={() => reader.change("starred.remove", () => keyImages.remove(mark))}
      >
        <Icon name="icon:x" />
      </button>
    </li>
  );
}

function OthersRow({ reader, mark }: { reader: Reader; mark: OthersKeyImage }) {
  return (
    <li class="key-row">
      <Picture reader={reader} mark={mark} />
      <div class="key-about">
        <span class="key-name">{nameOf(reader, mark)}</span>
        <span class="quiet">{`${t(`keytitle.${mark.title}`)} · ${mark.author}`}</span>
      </div>
    </li>
  );
}

interface DocumentProps {
  readonly reader: Reader;
  readonly document: KeyDocument;
  readonly close: () => void;
}

/** A document: why, by whom and when, and a way to see just its images. */
function DocumentRow({ reader, document, close }: DocumentProps) {
  const { title, author, date, description, images = [], problem, superseded, instance } = document;
  if (problem !== undefined) return <li class="key-document is-bad">{problem}</li>;
  const found = images
    .map((image) => findFrame(reader.tiles.value, { ...image, frame: image.frames[0] ?? null }))
    .find((one) => one !== null);
  const about = [personName(author ?? ""), fullDate(date ?? ""), plural("starred.count", images.length)];
  const name = title?.meaning || t("starred.document");
  return (
    <li class="key-document">
      <span class="key-name">{name}</span>
      <span class="quiet">{about.filter(Boolean).join(" · ")}</span>
      {description && <span>{description}</span>}
      {superseded && <span class="quiet">{t("starred.superseded")}</span>}
      {found ? (
        <button
          type="button"
          aria-label={t("starred.onlyOf", { name })}
          onClick={() => {
            reader.change("command.onlyKeyImages", () => {
              reader.open(found.tile.key, found.slice);
              const reading = reader.current.peek();
              if (reading) reading.only.value = instance;
            });
            close();
          }}
        >
          {t("starred.only")}
        </button>
      ) : (
        <span class="quiet">{t("starred.elsewhere")}</span>
      )}
    </li>
  );
}
