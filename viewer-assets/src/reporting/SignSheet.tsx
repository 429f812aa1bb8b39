import { useSignal } from "@preact/signals";
import { personName } from "../format";
import { t } from "../messages";
import { Sheet } from "../ui/Sheet";
import { messageOf, type ReportDesk } from "./desk";
import { openLines, type Draft, type ReportAnswer } from "./model";
import { Sections } from "./Sections";

interface Props {
  readonly desk: ReportDesk;
  readonly answer: ReportAnswer;
  readonly draft: Draft;
  readonly onClose: () => void;
}

/** The last look before signing: whose report it is, what it says, and who signs. */
export function SignSheet({ desk, answer, draft, onClose }: Props) {
  const isBusy = useSignal(false);
  const trouble = useSignal("");
  const { study } = desk.reader;
  const open = openLines(draft);
  const sign = async (): Promise<void> => {
    isBusy.value = true;
    trouble.value = "";
    try {
      await desk.sign();
      onClose();
    } catch (error) {
      trouble.value = messageOf(error);
      void desk.load();
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <Sheet title={t("reporting.sign.title")} kind="centre" onClose={onClose}>
      <p>
        {t("reporting.sign.whose", {
          name: personName(study.name) || t("list.noName"),
          id: study.id || t("list.noId"),
        })}
      </p>
      <div class="report-preview">
        <Sections sections={draft.sections} />
      </div>
      {open.length > 0 && <p class="report-note">{t("reporting.sign.open", { lines: open.join(", ") })}</p>}
      <p>{t("reporting.sign.about")}</p>
      {trouble.value && (
        <p class="report-note" role="alert">
          {trouble.value}
        </p>
      )}
      <div class="report-row report-end">
        <button type="button" onClick={onClose}>
          {t("reporting.sign.back")}
        </button>
        <button type="button" class="primary" disabled={isBusy.value} onClick={() => void sign()}>
          {t("reporting.sign.as", { author: answer.author })}
        </button>
      </div>
    </Sheet>
  );
}
