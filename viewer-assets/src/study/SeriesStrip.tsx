import { fullDate } from "../format";
import { plural, t } from "../messages";
import { Thumb } from "../ui/Thumb";
import { carry } from "./carry";
import type { StudyAnswer } from "./data";
import type { Reader } from "./reader";
import { tilesOf, type Tile } from "./tiles";
import { tileName } from "./Panes";

/** All series with a picture of each, study by study; those without pictures are named at the end. */
export function SeriesStrip({ reader }: { reader: Reader }) {
  const studies = reader.studies.value;
  return (
    <nav class="strip" aria-label={t("study.seriesStrip")}>
      {studies.map((answer) => (
        <StudyTiles key={answer.study.uid} reader={reader} answer={answer} isNamed={studies.length > 1} />
      ))}
    </nav>
  );
}

interface StudyTilesProps {
  readonly reader: Reader;
  readonly answer: StudyAnswer;
  readonly isNamed: boolean;
}

function StudyTiles({ reader, answer, isNamed }: StudyTilesProps) {
  const others = answer.series.filter((series) => !series.pictures);
  const kinds = [...new Set(others.map((series) => series.modality || series.description))].join(", ");
  return (
    <>
      {isNamed && <h2 class="strip-study">{fullDate(answer.study.date)}</h2>}
      <ul>
        {tilesOf(answer).map((tile) => (
          <li key={tile.key}>
            <SeriesTile reader={reader} tile={tile} />
          </li>
        ))}
      </ul>
      {others.length > 0 && <p class="strip-note">{t("study.without", { kinds })}</p>}
    </>
  );
}

function SeriesTile({ reader, tile }: { reader: Reader; tile: Tile }) {
  const { series, stack, study } = tile;
  const isCurrent = reader.current.value?.tile.key === tile.key;
  const isShown = reader.state.panes.some((pane) => pane?.tile === tile.key);
  const count = stack?.frames.length ?? series.instances;
  const path = `sightline/api/studies/${study.uid}/series/${series.uid}/thumbnail`;
  return (
    <button
      type="button"
      class={`series-tile${isShown ? " is-shown" : ""}`}
      aria-current={isCurrent ? "true" : undefined}
      disabled={!stack}
      onClick={() => {
        reader.change("command.open", () => reader.open(tile.key));
        if (reader.panel.value === "series") reader.panel.value = "none";
      }}
      {...(stack && carry({ tile: tile.key }))}
    >
      <Thumb path={stack && reader.started.value ? path : null} isMissing={series.error !== null}>
        <span class="badge">{series.modality}</span>
      </Thumb>
      <span class="series-name">{tileName(tile)}</span>
      <span class="series-about">
        {series.error ?? (count === null ? "" : plural("study.seriesImages", count))}
      </span>
    </button>
  );
}
