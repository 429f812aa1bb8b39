import { useState } from "preact/hooks";
import { postJson } from "../api";
import { OutcomeLine, useOutcome } from "../export/outcome";
import { fullDate, personName } from "../format";
import { findFrame } from "../keyImages/jump";
import { plural, t } from "../messages";
import type { PanelProps } from "../study/panels";
import type { Reader } from "../study/reader";
import { Choice } from "../ui/Choice";
import { Sheet } from "../ui/Sheet";
import { fetchPresentations } from "./load";
import { presentationName, type Presentation } from "./model";
import { obstacle, wishOf } from "./wish";

const LONGEST_NAME = 64;

/** What is seen, to be stored; and what others stored, to be shown. */
export function PresentationsPanel({ reader, close }: PanelProps) {
  const presentations = reader.presentations.value;
  return (
    <Sheet title={t("presented.title")} kind="side" onClose={close}>
      {reader.session.verbs.includes("annotate") ? (
        <SaveForm reader={reader} />
      ) : (
        <p class="quiet">{t("presented.mayNot")}</p>
      )}
      {presentations.length > 0 ? (
        <ul class="key-list" aria-label={t("presented.list")}>
          {presentations.map((one) => (
            <Row key={one.instance} reader={reader} presentation={one} close={close} />
          ))}
        </ul>
      ) : (
        <p class="quiet">{t("presented.none")}</p>
      )}
    </Sheet>
  );
}

function SaveForm({ reader }: { reader: Reader }) {
  const [outcome, run] = useOutcome();
  const [name, setName] = useState("");
  const [scope, setScope] = useState<"image" | "series">("series");
  const reading = reader.current.value;
  const why = reading ? obstacle(reader, reading) : "presented.needs.frame";
  if (why !== null) return <p class="quiet">{t(why)}</p>;
  const save = async (): Promise<string> => {
    const wish =
      reading && wishOf(reader, reading, name.trim() || t("presented.unnamed"), scope === "series");
    if (!wish) throw new Error(t("presented.needs.frame"));
    const study = reading.tile.study.uid;
    await postJson(`sightline/api/studies/${study}/presentations`, wish);
    setName("");
    await fetchPresentations(reader, study);
    return t("presented.saved");
  };
  return (
    <form
      class="presentation-form"
      onSubmit={(event) => {
        event.preventDefault();
        void run(save);
      }}
    >
      <label>
        <span>{t("presented.name")}</span>
        <input
          type="text"
          maxLength={LONGEST_NAME}
          value={name}
          placeholder={t("presented.unnamed")}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <Choice
        name={t("presented.scope")}
        options={["series", "image"] as const}
        label={(one) => t(`presented.scope.${one}`)}
        chosen={scope}
        onChoose={setScope}
      />
      <p class="quiet">{t("presented.what")}</p>
      <button type="submit" class="primary">
        {t("presented.save")}
      </button>
      <OutcomeLine outcome={outcome} />
    </form>
  );
}

interface RowProps {
  readonly reader: Reader;
  readonly presentation: Presentation;
  readonly close: () => void;
}

function Row({ reader, presentation, close }: RowProps) {
  const { author, date, reason, images, instance } = presentation;
  const name = presentationName(presentation);
  const first = images
    .map((image) => findFrame(reader.tiles.value, { ...image, frame: image.frames[0] ?? null }))
    .find((one) => one !== null);
  const about = [personName(author ?? ""), fullDate(date ?? ""), plural("presented.images", images.length)];
  const show = (): void => {
    reader.change("presented.show", () => {
      const shown = reader.current.peek();
      // Where one is, if it is for that; else where it begins.
      const isHere =
        shown !== null && images.some((image) => image.series === shown.series.uid) && images.length > 1;
      if (!isHere && first) reader.open(first.tile.key, first.slice);
      reader.current.peek()?.present(instance);
    });
    close();
  };
  return (
    <li class="key-document">
      <span class="key-name">{name}</span>
      <span class="quiet">{(reason === null ? about : about.slice(0, 2)).filter(Boolean).join(" · ")}</span>
      {reason !== null ? (
        <span class="quiet">{reason}</span>
      ) : first ? (
        <button type="button" aria-label={t("presented.showOf", { name })} onClick={show}>
          {t("presented.show")}
        </button>
      ) : (
        <span class="quiet">{t("starred.elsewhere")}</span>
      )}
    </li>
  );
}
