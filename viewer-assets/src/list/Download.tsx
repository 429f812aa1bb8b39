import { t } from "../messages";
import { urlOf } from "../page";
import type { DialogProps } from "./dialog";

/** A study as files of this computer. */
export function Download({ model, study }: DialogProps) {
  const { dicomweb } = model.data.site;
  return (
    <a class="button" download href={urlOf(`${dicomweb}/studies/${study.uid}?accept=application/zip`)}>
      {t("list.dialog.download")}
    </a>
  );
}
