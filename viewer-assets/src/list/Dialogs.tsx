import { useCallback } from "preact/hooks";
import { Download } from "../download/Download";
import { personName, fullDate } from "../format";
import { t } from "../messages";
import { Sheet } from "../ui/Sheet";
import { Compare } from "./Compare";
import { Delete } from "./Delete";
import { Labels } from "./Labels";
import { Share } from "./Share";
import type { ListModel } from "./model";
import { patientLine } from "./StudyTableRow";

const CONTENTS = {
  compare: Compare,
  labels: Labels,
  link: Share,
  download: Download,
  delete: Delete,
} as const;

/** The dialog that is open, headed by whose study it is about. */
export function Dialogs({ model }: { model: ListModel }) {
  const onClose = useCallback(() => (model.dialog.value = null), [model]);
  const dialog = model.dialog.value;
  if (!dialog) return null;
  const { kind, study } = dialog;
  const Content = CONTENTS[kind];
  return (
    <Sheet title={t(`list.dialog.${kind}`)} kind="centre" onClose={onClose}>
      <p class="dialog-study">
        <strong>{personName(study.name) || t("list.noName")}</strong>
        <span class="quiet">{patientLine(study)}</span>
        <span class="quiet">
          {[fullDate(study.date), study.modalities.join(" "), study.description].filter(Boolean).join(" · ")}
        </span>
      </p>
      <Content model={model} study={study} onClose={onClose} />
    </Sheet>
  );
}
