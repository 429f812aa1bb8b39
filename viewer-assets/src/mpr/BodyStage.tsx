import { useCallback, useEffect, useMemo } from "preact/hooks";
import { t } from "../messages";
import { EdgeLetters, QualityCorner } from "../study/Annotations";
import type { Reader } from "../study/reader";
import type { Reading } from "../study/reading";
import type { Rendering } from "../study/rendering";
import { Stage } from "../study/Stage";
import type { PlaneView } from "./planes";
import { TurnedBody } from "./turnedBody";
import { looksFor, seenFrom, SIDE_NAMES, sideOf, type Side } from "./turning";

interface BodyStageProps {
  readonly reader: Reader;
  readonly reading: Reading;
  /** One of the planes that cut it. */
  readonly first: PlaneView;
  readonly rendering: Rendering;
}

/** The body beside its planes: what it looks like, from where, and how it is turned. */
export function BodyStage({ reader, reading, first, rendering }: BodyStageProps) {
  const body = useMemo(
    () => new TurnedBody(reader, reading, first.straight, rendering),
    [reader, reading, first],
  );
  const { viewport } = body;
  useEffect(() => {
    body.wake();
    return () => {
      body.sleep();
      if (reader.activePlane.value === viewport) reader.activePlane.value = first.viewport;
    };
  }, [body]);
  const activate = useCallback(() => {
    reader.activePlane.value = viewport;
  }, [reader, viewport]);
  return (
    <Stage
      reader={reader}
      viewport={viewport}
      label={t("body.label")}
      isActive={reader.activePlane.value === viewport}
      onActivate={activate}
      actions={body.actions}
    >
      <BodyChoices {...{ reader, reading, rendering }} onActivate={activate} />
      <QualityCorner viewport={viewport} />
      <EdgeLetters viewport={viewport} />
    </Stage>
  );
}

const ANGLES = [
  { name: "turn", most: 180 },
  { name: "tilt", most: 90 },
] as const;

interface BodyChoicesProps {
  readonly reader: Reader;
  readonly reading: Reading;
  readonly rendering: Rendering;
  readonly onActivate: () => void;
}

/** What it looks like and from where. Who has no pointer finds sliders behind the choices, which show when they are reached. */
function BodyChoices({ reader, reading, rendering, onActivate }: BodyChoicesProps) {
  const set = (name: "command.bodyLook" | "command.turn", next: Rendering): void =>
    reader.change(name, () => {
      reader.rendering.value = next;
    });
  const looks = looksFor(reading.presets.subject);
  const side = sideOf(rendering);
  return (
    <form class="body-choices" onFocusIn={onActivate} onSubmit={(event) => event.preventDefault()}>
      <select
        aria-label={t("body.look")}
        value={rendering.look}
        onChange={({ currentTarget: { value } }) => {
          const look = looks.find((one) => one === value);
          if (look) set("command.bodyLook", { ...rendering, look });
        }}
      >
        {looks.map((look) => (
          <option key={look} value={look}>
            {t(`body.look.${look}`)}
          </option>
        ))}
      </select>
      <select
        aria-label={t("body.side")}
        value={side ?? ""}
        onChange={({ currentTarget: { value } }) => set("command.turn", seenFrom(rendering, value as Side))}
      >
        {side === null && <option value="">{t("body.side.between")}</option>}
        {SIDE_NAMES.map((one) => (
          <option key={one} value={one}>
            {t(`body.side.${one}`)}
          </option>
        ))}
      </select>
      <div class="body-angles">
        {ANGLES.map(({ name, most }) => (
          <label key={name}>
            {t(`body.${name}`)}
            <input
              type="range"
              min={-most}
              max={most}
              step={5}
              value={rendering[name]}
              aria-valuetext={t("body.degrees", { degrees: Math.round(rendering[name]) })}
              onInput={(event) =>
                set("command.turn", { ...rendering, [name]: event.currentTarget.valueAsNumber })
              }
            />
          </label>
        ))}
      </div>
    </form>
  );
}
