import { useState } from "preact/hooks";
import { request } from "../api";
import { t } from "../messages";
import type { Reader } from "../study/reader";
import { Choice } from "../ui/Choice";
import { filmPath, type FilmWish, type Media } from "./film";
import { OutcomeLine, useOutcome } from "./outcome";
import { nameOf } from "./picture";
import { saveFile } from "./save";

const SIZES = ["256", "512", "1024"] as const;
const MEDIA: readonly Media[] = ["webp", "gif", "mp4"];

/** What of the series, how fast, and as which kind of file. */
export function FilmForm({ reader }: { reader: Reader }) {
  const reading = reader.current.value;
  const count = reading?.viewport.source.count ?? 1;
  const [film, setFilm] = useState<FilmWish>({ media: "webp", rate: 10, first: 1, last: count, size: 512 });
  const [outcome, run] = useOutcome();
  if (!reading) return null;
  const change = (part: Partial<FilmWish>): void => setFilm({ ...film, ...part });
  const save = async (): Promise<string> => {
    const response = await request(filmPath(reading, film));
    const name = `${nameOf(reader)}.${film.media}`;
    saveFile(await response.blob(), name);
    return t("export.saved", { name });
  };
  const number = (name: "first" | "last" | "rate", most: number) => (
    <label>
      {t(`export.film.${name}`)}
      <input
        type="number"
        min={1}
        max={most}
        value={film[name]}
        onChange={(event) =>
          change({ [name]: Math.min(most, Math.max(1, event.currentTarget.valueAsNumber || 1)) })
        }
      />
    </label>
  );
  return (
    <form
      class="export"
      onSubmit={(event) => {
        event.preventDefault();
        void run(save);
      }}
    >
      <div class="export-numbers">
        {number("first", count)}
        {number("last", count)}
        {number("rate", 60)}
      </div>
      <Choice
        name={t("export.film.size")}
        options={SIZES}
        label={(size) => t("export.film.pixels", { size })}
        chosen={String(film.size) as (typeof SIZES)[number]}
        onChoose={(size) => change({ size: Number(size) })}
      />
      <Choice
        name={t("export.type")}
        options={MEDIA}
        label={(media) => t(`export.film.${media}`)}
        chosen={film.media}
        onChoose={(media) => change({ media })}
      />
      <p class="quiet">{t("export.film.noTexts")}</p>
      <div class="export-actions">
        <button type="submit" class="primary">
          {t("export.save")}
        </button>
      </div>
      <OutcomeLine outcome={outcome} />
    </form>
  );
}
