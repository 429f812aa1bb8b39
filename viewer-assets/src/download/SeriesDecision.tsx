import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { BlankingPicture } from "./BlankingPicture";
import type { SeriesPreview } from "./data";
import {
  EDGES,
  seriesName,
  thicknessOf,
  UNDECIDED,
  withBand,
  type Decision,
  type Rectangle,
} from "./decisions";

const WHATS = ["leave", "blank", "keep"] as const;

interface SeriesDecisionProps {
  readonly series: SeriesPreview;
  readonly decision: Decision;
  readonly onDecide: (decision: Decision) => void;
}

/** A series whose pictures mostly show who the patient is: leave it out, black parts out, or answer for it. */
export function SeriesDecision({ series, decision, onDecide }: SeriesDecisionProps) {
  const { what, rectangles } = decision;
  return (
    <fieldset class="series-decision warned">
      <legend>
        <Icon name="icon:triangle-alert" /> {seriesName(series)}
      </legend>
      <p class="quiet">{t("download.likely")}</p>
      <div class="kinds">
        {WHATS.map((one) => (
          <label key={one} class="check">
            <input
              type="radio"
              name={`what-${series.uid}`}
              checked={what === one}
              onChange={() =>
                onDecide({ ...UNDECIDED, what: one, rectangles: one === "blank" ? rectangles : [] })
              }
            />
            {t(`download.what.${one}`)}
          </label>
        ))}
      </div>
      {(what === "blank" || what === "keep") && (
        <>
          {what === "blank" && <p class="quiet">{t("download.draw")}</p>}
          {series.picture && (
            <BlankingPicture
              path={series.picture}
              rectangles={rectangles}
              onDraw={
                what === "blank"
                  ? (rectangle) =>
                      onDecide({ ...decision, isLookedAt: false, rectangles: [...rectangles, rectangle] })
                  : null
              }
            />
          )}
          {what === "blank" && (
            <Bands
              rectangles={rectangles}
              onChange={(changed) => onDecide({ ...decision, isLookedAt: false, rectangles: changed })}
            />
          )}
          <label class="check">
            <input
              type="checkbox"
              checked={decision.isLookedAt}
              onChange={(event) => onDecide({ ...decision, isLookedAt: event.currentTarget.checked })}
            />
            {t(what === "blank" ? "download.lookedBlank" : "download.lookedKeep")}
          </label>
        </>
      )}
    </fieldset>
  );
}

interface BandsProps {
  readonly rectangles: readonly Rectangle[];
  readonly onChange: (rectangles: readonly Rectangle[]) => void;
}

/** Bands along the edges, by keyboard as well; and the way back. */
function Bands({ rectangles, onChange }: BandsProps) {
  return (
    <div class="bands">
      {EDGES.map((edge) => (
        <label key={edge}>
          {t(`download.band.${edge}`)}
          <input
            type="range"
            min={0}
            max={500}
            step={10}
            value={thicknessOf(rectangles, edge)}
            onInput={(event) => onChange(withBand(rectangles, edge, event.currentTarget.valueAsNumber))}
          />
        </label>
      ))}
      <button type="button" class="chip" disabled={rectangles.length === 0} onClick={() => onChange([])}>
        {t("download.band.clear")}
      </button>
    </div>
  );
}
