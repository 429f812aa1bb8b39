import { useEffect, useState } from "preact/hooks";
import { getJson } from "../api";
import { byteCount } from "../format";
import type { DialogProps } from "../list/dialog";
import { plural, t } from "../messages";
import { urlOf } from "../page";
import { Anonymised } from "./Anonymised";
import "./messages";

interface Size {
  readonly files: number;
  readonly bytes: number;
}

/** A study as files of this computer: as it is stored, or de-identified. The browser itself shows how far it is. */
export function Download({ model, study }: DialogProps) {
  const [size, setSize] = useState<Size | null>(null);
  const [isAnonymised, setAnonymised] = useState(false);
  const path = `sightline/api/studies/${study.uid}`;
  useEffect(() => {
    const ask = async (): Promise<void> => {
      try {
        setSize(await getJson<Size>(`${path}/size`));
      } catch {
        // The size is nice to know; the download itself says what is wrong.
      }
    };
    void ask();
  }, [path]);
  const { dicomweb } = model.data.site;
  return (
    <>
      <fieldset class="kinds">
        <legend class="sr-only">{t("download.kind")}</legend>
        {[false, true].map((value) => (
          <label key={String(value)} class="check">
            <input
              type="radio"
              name="kind"
              checked={isAnonymised === value}
              onChange={() => setAnonymised(value)}
            />
            {t(value ? "download.anonymised" : "download.stored")}
          </label>
        ))}
      </fieldset>
      {isAnonymised ? (
        <Anonymised study={study} />
      ) : (
        <>
          <p class="quiet">
            {t("download.storedText")}{" "}
            {size && `${plural("upload.fileCount", size.files)}, ${byteCount(size.bytes)}.`}
          </p>
          <div class="dialog-buttons">
            <a class="button" download href={urlOf(`${path}/files`)}>
              {t("download.zip")}
            </a>
            {dicomweb !== null && (
              <a
                class="button primary"
                download
                href={urlOf(`${dicomweb}/studies/${study.uid}?accept=application/zip`)}
              >
                {t("download.media")}
              </a>
            )}
          </div>
        </>
      )}
    </>
  );
}
