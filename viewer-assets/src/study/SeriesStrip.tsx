import { plural, t } from "../messages";
import { Thumb } from "../ui/Thumb";
import type { Series } from "./data";
import type { Reader } from "./reader";

/** All series with a picture of each; those without pictures are named at the end. */
export function SeriesStrip({ reader }: { reader: Reader }) {
  const others = reader.series.value.filter((series) => !series.pictures);
  const kinds = [...new Set(others.map((series) => series.modality || series.description))].join(", ");
  return (
    <nav class="strip" aria-label={t("study.seriesStrip")}>
      <ul>
        {reader.readable.value.map((series) => (
          <li key={series.uid}>
            <SeriesTile reader={reader} series={series} />
          </li>
        ))}
      </ul>
      {others.length > 0 && <p class="strip-note">{t("study.without", { kinds })}</p>}
    </nav>
  );
}

function SeriesTile({ reader, series }: { reader: Reader; series: Series }) {
  const current = reader.current.value?.series.uid === series.uid;
  const count = series.stack?.frames.length ?? series.instances;
  const name = series.description || t("study.seriesNumber", { number: series.number ?? "" });
  const path = `sightline/api/studies/${reader.data.study.uid}/series/${series.uid}/thumbnail`;
  return (
    <button
      type="button"
      class="series-tile"
      aria-current={current ? "true" : undefined}
      disabled={!series.stack}
      onClick={() => {
        reader.open(series.uid);
        if (reader.panel.value === "series") reader.panel.value = "none";
      }}
    >
      <Thumb path={series.stack && reader.started.value ? path : null} isMissing={series.error !== null}>
        <span class="badge">{series.modality}</span>
      </Thumb>
      <span class="series-name">{name}</span>
      <span class="series-about">
        {series.error ?? (count === null ? "" : plural("study.seriesImages", count))}
      </span>
    </button>
  );
}
