import { useState } from "preact/hooks";
import { request } from "../api";
import { personName } from "../format";
import { plural, t } from "../messages";
import type { DialogProps } from "./dialog";

/** Delete a study: in two steps, since nothing brings it back. */
export function Delete({ model, study, onClose }: DialogProps) {
  const [isSure, setSure] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const name = personName(study.name) || t("list.noName");
  const remove = async (): Promise<void> => {
    setBusy(true);
    setProblem("");
    try {
      await request(`sightline/api/studies/${study.uid}`, { method: "DELETE" });
      model.pages.remove(study.uid);
      model.notice.value = t("list.delete.done", { name });
      onClose();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  const counts = [
    study.series === null ? "" : plural("list.series", study.series),
    study.instances === null ? "" : plural("list.count", study.instances),
  ];
  return (
    <>
      <p>{t("list.delete.text", { counts: counts.filter(Boolean).join(", ") })}</p>
      <label class="check">
        <input type="checkbox" checked={isSure} onChange={(event) => setSure(event.currentTarget.checked)} />
        {t("list.delete.sure", { name })}
      </label>
      {problem && <p role="alert">{problem}</p>}
      <div class="dialog-buttons">
        <button type="button" onClick={onClose}>
          {t("action.cancel")}
        </button>
        <button type="button" class="danger" disabled={!isSure || isBusy} onClick={() => void remove()}>
          {isBusy ? t("list.delete.busy") : t("list.delete.do")}
        </button>
      </div>
    </>
  );
}
