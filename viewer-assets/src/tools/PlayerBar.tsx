import { t } from "../messages";
import type { Reader } from "../study/reader";
import type { Viewport } from "../study/viewport";
import { Icon } from "../ui/Icon";
import { GREATEST_RATE, LEAST_RATE, PLAY_MODES } from "./playback";
import { closePlayer, type Player } from "./player";

interface PlayerBarProps {
  readonly reader: Reader;
  readonly viewport: Viewport;
  readonly player: Player;
}

/** What plays a pile of pictures: below its viewport, where it hides nothing. */
export function PlayerBar({ reader, viewport, player }: PlayerBarProps) {
  const isPlaying = player.playing.value;
  const { rate, mode } = player;
  const wanted = rate.value;
  return (
    <div class="player" role="group" aria-label={t("player.label")}>
      <button
        type="button"
        class="plain"
        aria-label={t(isPlaying ? "player.pause" : "player.play")}
        title={t(isPlaying ? "player.pause" : "player.play")}
        onClick={() => player.toggle()}
      >
        <Icon name={isPlaying ? "icon:pause" : "icon:play"} />
      </button>
      <input
        type="range"
        class="player-rate"
        min={LEAST_RATE}
        max={GREATEST_RATE}
        step={1}
        value={wanted}
        aria-label={t("player.rate")}
        aria-valuetext={t("player.perSecond", { rate: shortRate(wanted) })}
        onInput={(event) => {
          rate.value = event.currentTarget.valueAsNumber;
        }}
      />
      <output class="player-speed">
        {t("player.perSecond", { rate: shortRate(wanted) })}
        <span class="quiet">{trueRate(player, wanted)}</span>
      </output>
      <select
        class="player-mode"
        aria-label={t("player.mode")}
        value={mode.value}
        onChange={({ currentTarget: { value } }) => {
          mode.value = PLAY_MODES.find((one) => one === value) ?? "loop";
        }}
      >
        {PLAY_MODES.map((one) => (
          <option key={one} value={one}>
            {t(`player.mode.${one}`)}
          </option>
        ))}
      </select>
      <button
        type="button"
        class="plain"
        aria-label={t("player.close")}
        onClick={() => closePlayer(reader, viewport)}
      >
        <Icon name="icon:x" />
      </button>
    </div>
  );
}

/** What is said beside the speed: the true one where pictures come too slowly, else where the speed comes from. */
function trueRate({ achieved, playing, ownRate }: Player, wanted: number): string {
  const shown = achieved.value;
  if (playing.value && shown !== null && shown < wanted * 0.9)
    return t("player.achieved", { rate: shortRate(shown) });
  return ownRate !== null && Math.abs(wanted - ownRate) < 0.05 ? t("player.own") : "";
}

function shortRate(rate: number): string {
  return String(Math.round(rate * 10) / 10);
}
