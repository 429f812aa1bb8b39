import { fullDate } from "../format";
import { Icon, type IconName } from "../ui/Icon";
import { carry } from "./carry";
import type { StudyAnswer, StudyDocument } from "./data";
import { documentsOf, kindName, type DocumentTile } from "./documents";
import type { Reader } from "./reader";

const ICONS: Readonly<Record<StudyDocument["kind"], IconName>> = {
  report: "icon:file-text",
  pdf: "icon:file-text",
  video: "icon:file-play",
  other: "icon:file",
};

/** Reports, PDF and videos of a study, below its series. */
export function DocumentTiles({ reader, answer }: { reader: Reader; answer: StudyAnswer }) {
  const tiles = documentsOf(answer);
  if (tiles.length === 0) return null;
  return (
    <ul>
      {tiles.map((tile) => (
        <li key={tile.key}>
          <OneTile reader={reader} tile={tile} />
        </li>
      ))}
    </ul>
  );
}

function OneTile({ reader, tile }: { reader: Reader; tile: DocumentTile }) {
  const { document, key } = tile;
  const isShown = reader.state.panes.some((pane) => pane?.tile === key);
  const isCurrent = reader.state.panes[reader.activePane.value]?.tile === key;
  const about = [kindName(document), document.date && fullDate(document.date), document.status];
  return (
    <button
      type="button"
      class={`series-tile document-tile${isShown ? " is-shown" : ""}`}
      aria-current={isCurrent ? "true" : undefined}
      onClick={() => {
        reader.change("command.open", () => reader.open(key));
        if (reader.panel.value === "series") reader.panel.value = "none";
      }}
      {...carry({ tile: key })}
    >
      <Icon name={ICONS[document.kind]} />
      <span class="series-name">{documentTitle(tile)}</span>
      <span class="series-about">{about.filter(Boolean).join(" · ")}</span>
    </button>
  );
}

/** What a document is called. */
export function documentTitle({ document, series }: DocumentTile): string {
  return document.title || series.description || kindName(document);
}
