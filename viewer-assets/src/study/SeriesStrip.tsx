import { viewPath } from "../address";
import { fullDate } from "../format";
import { KeyCount } from "../keyImages/KeySign";
import { plural, t } from "../messages";
import { Icon } from "../ui/Icon";
import { Thumb } from "../ui/Thumb";
import { carry } from "./carry";
import { DocumentTiles } from "./DocumentTiles";
import { apart } from "./apart";
import type { Prior, StudyAnswer } from "./data";
import { linkedCode } from "./linkedCode";
import type { Reader } from "./reader";
import { emblemOf, groupOf, shelfOf, tilesOf, type Tile } from "./tiles";
import { tileName } from "./Panes";

const THUMBNAIL_SIZE = 160;

/** All series with a picture of each, study by study; those without pictures are named at the end. */
export function SeriesStrip({ reader }: { reader: Reader }) {
  const studies = reader.studies.value;
  return (
    <nav class="strip" aria-label={t("study.seriesStrip")}>
      {studies.map((answer) => (
        <StudyTiles key={answer.study.uid} reader={reader} answer={answer} isNamed={studies.length > 1} />
      ))}
      {reader.seriesProblem.value !== null && <ListProblem reader={reader} />}
      {reader.priors.value
        .filter(({ study }) => !studies.some((answer) => answer.study.uid === study.uid))
        .map((prior) => (
          <PriorHead key={prior.study.uid} reader={reader} prior={prior} />
        ))}
      {reader.priorsProblem.value && <p class="strip-note">{reader.priorsProblem.value}</p>}
    </nav>
  );
}

/** Why some series are still to come. */
function ListProblem({ reader }: { reader: Reader }) {
  return (
    <div class="strip-note" role="alert">
      <p>{reader.seriesProblem.value}</p>
      <button
        type="button"
        onClick={() => {
          reader.listRequests.value += 1;
        }}
      >
        {t("action.retry")}
      </button>
    </div>
  );
}

/** Another study of the patient, whose series come when it is chosen. */
function PriorHead({ reader, prior }: { reader: Reader; prior: Prior }) {
  return (
    <button
      type="button"
      class="strip-prior"
      title={prior.why}
      onClick={() => void linkedCode.value?.bring(reader, prior.study.uid)}
    >
      <Icon name="icon:history" />
      <span>{priorName(prior)}</span>
    </button>
  );
}

/** "Prior: 14 months before, CT chest". */
function priorName({ study, days }: Prior): string {
  const what = study.description || study.modalities.join(" ");
  return t(days !== null && days < 0 ? "prior.later" : "prior.name", {
    when: apart(days),
    what: what || fullDate(study.date),
  });
}

interface StudyTilesProps {
  readonly reader: Reader;
  readonly answer: StudyAnswer;
  readonly isNamed: boolean;
}

function StudyTiles({ reader, answer, isNamed }: StudyTilesProps) {
  const others = answer.series.filter((series) => !series.pictures && !series.documents?.length);
  const prior = reader.priors.value.find(({ study }) => study.uid === answer.study.uid);
  const kinds = [...new Set(others.map((series) => series.modality || series.description))].join(", ");
  return (
    <>
      {isNamed && (
        <h2 class="strip-study" title={prior?.why}>
          {prior ? priorName(prior) : fullDate(answer.study.date)}
        </h2>
      )}
      <ul>
        {shelfOf(tilesOf(answer)).map((tile) => (
          <li key={tile.key}>
            <SeriesTile reader={reader} tile={tile} />
          </li>
        ))}
      </ul>
      <DocumentTiles reader={reader} answer={answer} />
      {others.length > 0 && <p class="strip-note">{t("study.without", { kinds })}</p>}
    </>
  );
}

function SeriesTile({ reader, tile }: { reader: Reader; tile: Tile }) {
  const { series, stack } = tile;
  const current = reader.current.value?.tile;
  const isCurrent = current !== undefined && groupOf(current) === tile.key;
  const isShown = reader.visible.value.some((reading) => groupOf(reading.tile) === tile.key);
  return (
    <button
      type="button"
      class={`series-tile${isShown ? " is-shown" : ""}`}
      aria-current={isCurrent ? "true" : undefined}
      disabled={!stack}
      onClick={() => {
        reader.change("command.open", () => reader.open(openIn(reader, tile)));
        if (reader.panel.value === "series") reader.panel.value = "none";
      }}
      {...(stack && carry({ tile: tile.key }))}
    >
      <Thumb
        path={stack && reader.started.value ? thumbnailOf(tile) : null}
        isMissing={series.error !== null}
      >
        <span class="badge">{series.modality}</span>
        <KeyCount keyImages={reader.keyImages} tile={tile} />
      </Thumb>
      <span class="series-name">{tileName(tile.grid ? { ...tile, label: "" } : tile)}</span>
      <span class="series-about">{series.error ?? countText(tile)}</span>
    </button>
  );
}

/** Of a grid, the stack that this pane showed last. */
function openIn(reader: Reader, tile: Tile): string {
  const shown = reader.current.value?.tile;
  return shown && groupOf(shown) === tile.key ? shown.key : tile.key;
}

/** The series' small picture; of one of several stacks, its middle frame's. */
function thumbnailOf(tile: Tile): string {
  const { study, series, label } = tile;
  const emblem = label ? emblemOf(tile) : null;
  return emblem
    ? viewPath({ study: study.uid, series: series.uid, source: emblem, size: THUMBNAIL_SIZE })
    : `sightline/api/studies/${study.uid}/series/${series.uid}/thumbnail`;
}

/** "20 images", or "20 images · Time × 40". */
function countText({ stack, series, grid }: Tile): string {
  const count = stack?.frames.length ?? series.instances;
  const images = count === null ? [] : [plural("study.seriesImages", count)];
  const dimensions = (grid?.dimensions ?? []).map(({ kind, labels }) =>
    t("study.dimensionCount", { name: t(`dimension.${kind}`), count: labels.length }),
  );
  return [...images, ...dimensions].join(" · ");
}
