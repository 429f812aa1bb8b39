import { COLOUR_MAP_NAMES } from "../colourMaps";
import type { ColourMapName } from "../address";
import { t } from "../messages";
import { FILTER_NAMES, OWN_SHADING, type Shading } from "../study/look";
import type { PanelProps } from "../study/panels";
import { Sheet } from "../ui/Sheet";
import { gradientOf, useColours } from "./useColours";

/** How values become visible: colours, filter, and what the file lays over its picture. Each change shows at once. */
export function LookPanel({ reader, close }: PanelProps) {
  const reading = reader.current.value;
  if (!reading) return null;
  const { shading } = reading;
  const { colour } = reading.presets;
  const shade = (some: Partial<Shading>): void =>
    reader.change("command.look", () => reading.shade({ ...some }));
  const now = shading.value;
  return (
    <Sheet title={t("look.title")} kind="side" onClose={close}>
      {colour ? (
        <p class="quiet">{t("look.colourPicture")}</p>
      ) : (
        <>
          <fieldset>
            <legend>{t("look.colours")}</legend>
            <div class="maps">
              {COLOUR_MAP_NAMES.map((name) => (
                <MapChoice
                  key={name}
                  name={name}
                  isChosen={now.colourMap === name}
                  onChoose={() => shade({ colourMap: name })}
                />
              ))}
            </div>
          </fieldset>
          <fieldset>
            <legend>{t("look.filter")}</legend>
            <div class="choices">
              {[null, ...FILTER_NAMES].map((name) => (
                <button
                  key={name}
                  type="button"
                  class="chip"
                  aria-pressed={now.filter === name}
                  onClick={() => shade({ filter: name })}
                >
                  {t(name ? `filter.${name}` : "filter.none")}
                </button>
              ))}
            </div>
            <p class="quiet">{t("look.filterHint")}</p>
          </fieldset>
        </>
      )}
      {(["overlays", "shutter", "smooth"] as const).map((name) => (
        <label key={name} class="switch">
          <input
            type="checkbox"
            checked={now[name]}
            onChange={(event) => shade({ [name]: event.currentTarget.checked })}
          />
          {t(`look.${name}`)}
        </label>
      ))}
      <button type="button" onClick={() => shade(OWN_SHADING)}>
        {t("look.reset")}
      </button>
    </Sheet>
  );
}

interface MapChoiceProps {
  readonly name: ColourMapName;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

/** A colour map as a strip of itself. */
function MapChoice({ name, isChosen, onChoose }: MapChoiceProps) {
  const colours = useColours(name);
  return (
    <button type="button" class="map-choice" aria-pressed={isChosen} onClick={onChoose}>
      <span class="map-strip" style={{ background: gradientOf(colours, "right") }} />
      <span>{t(`colours.${name}`)}</span>
    </button>
  );
}
