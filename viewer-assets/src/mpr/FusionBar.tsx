import { t } from "../messages";
import { FUSION_MAPS, type Fusion } from "../study/fusion";
import { tileName } from "../study/Panes";
import type { Reader } from "../study/reader";
import { fusionWith, type Candidate } from "./fusing";

const MOST_SUV = 30;

interface FusionBarProps {
  readonly reader: Reader;
  readonly candidates: readonly Candidate[];
}

/** What is laid over the planes, where the study has something that can be; and how. */
export function FusionBar({ reader, candidates }: FusionBarProps) {
  if (candidates.length === 0) return null;
  const set = (fusion: Fusion | null): void =>
    reader.change("command.fusion", () => {
      reader.fusion.value = fusion;
    });
  const fusion = reader.fusion.value;
  const chosen = candidates.find(({ tile }) => tile.series.uid === fusion?.series);
  return (
    <div class="planes-bar fusion-bar" role="group" aria-label={t("fusion.bar")}>
      <select
        aria-label={t("fusion.series")}
        value={chosen?.tile.series.uid ?? ""}
        onChange={({ currentTarget: { value } }) => {
          const next = candidates.find(({ tile }) => tile.series.uid === value);
          set(next ? fusionWith(next) : null);
        }}
      >
        <option value="">{t("fusion.none")}</option>
        {candidates.map(({ tile }) => (
          <option key={tile.series.uid} value={tile.series.uid}>
            {t("fusion.over", { modality: tile.series.modality, name: tileName(tile) })}
          </option>
        ))}
      </select>
      {fusion && chosen && <FusionLook fusion={fusion} hasSuv={chosen.suvFactor !== null} onChange={set} />}
    </div>
  );
}

interface FusionLookProps {
  readonly fusion: Fusion;
  readonly hasSuv: boolean;
  readonly onChange: (fusion: Fusion) => void;
}

/** Colours, opacity, and which uptake is the brightest. */
function FusionLook({ fusion, hasSuv, onChange }: FusionLookProps) {
  const { colourMap, opacity, top } = fusion;
  const percent = Math.round(opacity * 100);
  return (
    <>
      <select
        aria-label={t("look.colours")}
        value={colourMap}
        onChange={({ currentTarget: { value } }) => {
          const map = FUSION_MAPS.find((one) => one === value);
          if (map) onChange({ ...fusion, colourMap: map });
        }}
      >
        {FUSION_MAPS.map((one) => (
          <option key={one} value={one}>
            {t(`colours.${one}`)}
          </option>
        ))}
      </select>
      <Slider
        name={t("fusion.opacity")}
        value={percent}
        ends={[5, 100, 5]}
        text={t("fusion.percent", { percent })}
        onInput={(value) => onChange({ ...fusion, opacity: value / 100 })}
      />
      {hasSuv && top !== null && (
        <Slider
          name={t("fusion.top")}
          value={top}
          ends={[1, MOST_SUV, 1]}
          text={t("fusion.suv", { top })}
          onInput={(value) => onChange({ ...fusion, top: value })}
        />
      )}
    </>
  );
}

interface SliderProps {
  readonly name: string;
  readonly value: number;
  readonly ends: readonly [least: number, most: number, step: number];
  readonly text: string;
  readonly onInput: (value: number) => void;
}

function Slider({ name, value, ends: [min, max, step], text, onInput }: SliderProps) {
  return (
    <label class="fusion-slider">
      <input
        type="range"
        {...{ min, max, step, value }}
        aria-label={name}
        aria-valuetext={text}
        onInput={(event) => onInput(event.currentTarget.valueAsNumber)}
      />
      <output title={name}>{text}</output>
    </label>
  );
}
