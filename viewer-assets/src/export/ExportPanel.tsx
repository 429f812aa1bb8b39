import { signal } from "@preact/signals";
import { request } from "../api";
import { t } from "../messages";
import type { PanelProps } from "../study/panels";
import type { Reader } from "../study/reader";
import { Choice } from "../ui/Choice";
import { Sheet } from "../ui/Sheet";
import type { Texts } from "./captions";
import { FilmForm } from "./FilmForm";
import { OutcomeLine, useOutcome } from "./outcome";
import { makePicture, type PictureWish } from "./picture";
import { canCopy, copyPicture, printPicture, saveFile } from "./save";

/** What was chosen last, until the page ends. */
const wish = signal<PictureWish>({ what: "viewport", texts: "all", type: "image/png" });
const isFilm = signal(false);

/** Saving, copying, printing and archiving what is on the screen; films of a series. */
export function ExportPanel({ reader, close }: PanelProps) {
  const canFilm = (reader.current.value?.viewport.source.count ?? 0) > 1;
  return (
    <Sheet title={t("export.title")} kind="side" onClose={close}>
      {canFilm && (
        <Choice
          name={t("export.kind")}
          options={["picture", "film"] as const}
          label={(kind) => t(`export.kind.${kind}`)}
          chosen={isFilm.value ? "film" : "picture"}
          onChoose={(kind) => {
            isFilm.value = kind === "film";
          }}
        />
      )}
      {canFilm && isFilm.value ? <FilmForm reader={reader} /> : <PictureForm reader={reader} close={close} />}
    </Sheet>
  );
}

function PictureForm({ reader, close }: PanelProps) {
  const [outcome, run] = useOutcome();
  const several = reader.planes.value || reader.layout.value !== "1x1";
  const whats: readonly PictureWish["what"][] = several
    ? ["viewport", "layout", "image"]
    : ["viewport", "image"];
  const change = (part: Partial<PictureWish>): void => {
    wish.value = { ...wish.value, ...part };
  };
  return (
    <form class="export" onSubmit={(event) => event.preventDefault()}>
      <Choice
        name={t("export.what")}
        options={whats}
        label={(what) => t(`export.what.${what}`)}
        chosen={whats.includes(wish.value.what) ? wish.value.what : "viewport"}
        onChoose={(what) => change({ what })}
      />
      <Choice
        name={t("export.texts")}
        options={["all", "anonymous", "none"] as const}
        label={(texts: Texts) => t(`export.texts.${texts}`)}
        chosen={wish.value.texts}
        onChoose={(texts) => change({ texts })}
      />
      <Choice
        name={t("export.type")}
        options={["image/png", "image/jpeg"] as const}
        label={(type) => t(`export.type.${type === "image/png" ? "png" : "jpeg"}`)}
        chosen={wish.value.type}
        onChoose={(type) => change({ type })}
      />
      <p class="quiet">{t("export.pixels")}</p>
      <div class="export-actions">
        <button type="submit" class="primary" onClick={() => void run(() => save(reader))}>
          {t("export.save")}
        </button>
        {canCopy() && (
          <button type="button" onClick={() => void run(() => copy(reader))}>
            {t("export.copy")}
          </button>
        )}
        <button type="button" onClick={() => void run(() => printOut(reader, close))}>
          {t("export.print")}
        </button>
        {mayKeep(reader) && (
          <button type="button" onClick={() => void run(() => keep(reader))}>
            {t("export.keep")}
          </button>
        )}
      </div>
      <OutcomeLine outcome={outcome} />
    </form>
  );
}

async function save(reader: Reader): Promise<string> {
  const { content, name } = await makePicture(reader, wish.value);
  saveFile(content, name);
  return t("export.saved", { name });
}

async function copy(reader: Reader): Promise<string> {
  await copyPicture((await makePicture(reader, { ...wish.value, type: "image/png" })).content);
  return t("export.copied");
}

async function printOut(reader: Reader, close: () => void): Promise<null> {
  const made = await makePicture(reader, { ...wish.value, type: "image/png" });
  close();
  const about = made.width === null ? [] : [t("export.trueSize", { mm: made.width.toFixed(1) })];
  await printPicture(made.content, { lines: [...made.lines, ...about], width: made.width });
  return null;
}

function mayKeep(reader: Reader): boolean {
  return reader.session.verbs.includes("annotate");
}

/** Store it into the study as a Secondary Capture image. */
async function keep(reader: Reader): Promise<string> {
  const { texts } = wish.value;
  const made = await makePicture(reader, { ...wish.value, type: "image/png" });
  const study = reader.current.value?.tile.study.uid ?? reader.study.uid;
  await request(`sightline/api/studies/${study}/captures`, {
    method: "POST",
    headers: {
      "Content-Type": "image/png",
      "Sightline-Sources": made.sources.join(","),
      "Sightline-Annotated": texts === "none" ? "0" : "1",
      "Sightline-Lossy": made.isLossy ? "1" : "0",
    },
    body: made.content,
  });
  return t("export.kept");
}
