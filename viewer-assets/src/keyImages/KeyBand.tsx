import { plural, t } from "../messages";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";

/** A band over a pane that shows key images alone: which, and a way back to all images. */
export function KeyBand({ reader, reading }: { reader: Reader; reading: Reading }) {
  const filter = reading.only.value;
  if (filter === null) return null;
  const count = reading.chosen.value;
  return (
    <p class="band key-band">
      <span>{count === null ? t("starred.band.unknown") : textOf(reader, filter, count)}</span>
      <button
        type="button"
        onClick={() =>
          reader.change("command.onlyKeyImages", () => {
            reading.only.value = null;
          })
        }
      >
        {t("starred.band.all")}
      </button>
    </p>
  );
}

function textOf({ keyImages }: Reader, filter: string, count: number): string {
  if (count === 0) return t("starred.band.none");
  if (filter === "own") return plural("starred.band.own", count);
  const document = keyImages.documents.value.find(({ instance }) => instance === filter);
  const title = [document?.title?.meaning, document?.author].filter(Boolean).join(", ");
  return plural("starred.band.document", count, { title });
}
