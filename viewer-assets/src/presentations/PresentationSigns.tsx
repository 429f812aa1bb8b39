import { t } from "../messages";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";
import type { Viewport } from "../study/viewport";
import { presentationName } from "./model";

interface SignProps {
  readonly reader: Reader;
  readonly viewport: Viewport;
}

/** Says in the corner which presentation made the picture on the screen. */
export function PresentationSign({ reader, viewport }: SignProps) {
  const source = viewport.shown.value?.place.source;
  if (!source || !("state" in source)) return null;
  const found = reader.presentations.value.find(({ instance }) => instance === source.state.instance);
  return (
    <p class="presentation-sign">{t("presented.sign", { name: found ? presentationName(found) : "" })}</p>
  );
}

/** A band over a pane that shows a presentation: which, and a way back to the images as they are stored. */
export function PresentationBand({ reader, reading }: { reader: Reader; reading: Reading }) {
  const chosen = reading.presentation.value;
  if (chosen === null) return null;
  const found = reader.presentations.value.find(({ instance }) => instance === chosen);
  const source = reading.viewport.source.at(reading.viewport.index.value)?.source;
  const isFor = source !== undefined && "state" in source;
  const name = found ? presentationName(found) : "";
  return (
    <p class="band key-band">
      <span>
        {!found
          ? t("presented.missing")
          : found.reason !== null
            ? found.reason
            : t(isFor ? "presented.band" : "presented.notFor", { name })}
        {isFor && found?.mode === "TRUE SIZE" && ` ${t("presented.trueSize")}`}
      </span>
      <button type="button" onClick={() => reader.change("presented.leave", () => reading.present(null))}>
        {t("presented.leave")}
      </button>
    </p>
  );
}
