import { useEffect, useMemo, useRef } from "preact/hooks";
import { t } from "../messages";
import type { Reader } from "../study/reader";
import { Icon } from "../ui/Icon";
import { timeText } from "../findings/times";
import { deskOf, type ReportDesk } from "./desk";
import type { DraftState } from "./draftSync";
import { Editor } from "./Editor";
import { OwnConflict, OthersDrafts, ReplacedLine, SignedMeanwhile } from "./Meetings";
import { PriorsSection } from "./Priors";
import { SignedSection } from "./Signed";

/** The study's report beside the images: what was signed, what is being written, and what was said before. */
export function ReportingPanel({ reader }: { reader: Reader }) {
  const desk = useMemo(() => deskOf(reader), [reader]);
  const dock = useRef<HTMLElement>(null);
  useEffect(() => desk.follow(), [desk]);
  useEffect(() => {
    const element = dock.current;
    const listen = (event: KeyboardEvent): void => pressed(event, reader);
    element?.addEventListener("keydown", listen);
    return () => element?.removeEventListener("keydown", listen);
  }, [reader]);
  const answer = desk.answer.value;
  const draft = desk.sync.draft.value;
  return (
    <aside ref={dock} class="dock report-dock" aria-label={t("reporting.title")}>
      <Head desk={desk} />
      <div class="report-body">
        {desk.problem.value !== null && <Problem desk={desk} text={desk.problem.value} />}
        {answer === null && desk.problem.value === null && (
          <p class="quiet report-loading">{t("reporting.loading")}</p>
        )}
        {answer?.why && <p class="report-note">{answer.why}</p>}
        <PriorsSection desk={desk} />
        {answer && <SignedSection desk={desk} answer={answer} isWriting={draft !== null} />}
        <OthersDrafts desk={desk} />
        <OwnConflict desk={desk} />
        <SignedMeanwhile desk={desk} />
        <ReplacedLine desk={desk} />
        {answer?.mayReport && draft && <Editor desk={desk} answer={answer} draft={draft} />}
      </div>
    </aside>
  );
}

/** Escape closes the panel, Control and Enter sign; a sheet that is open over it has its own keys. */
function pressed(event: KeyboardEvent, reader: Reader): void {
  const { target } = event;
  if (!(target instanceof HTMLElement) || target.closest("dialog")) return;
  const isSigning = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (event.key !== "Escape" && !isSigning) return;
  event.preventDefault();
  if (isSigning) target.closest("form")?.requestSubmit();
  else close(reader);
}

function close(reader: Reader): void {
  reader.reportShown.value = false;
}

function Head({ desk }: { desk: ReportDesk }) {
  const { reader, sync } = desk;
  return (
    <header class="sheet-head">
      <h2>{t("reporting.title")}</h2>
      {sync.draft.value && <StateLine state={sync.state.value} />}
      <button type="button" class="plain" aria-label={t("action.close")} onClick={() => close(reader)}>
        <Icon name="icon:x" />
      </button>
    </header>
  );
}

/** Whether what is written is kept; said aloud only where it is not. */
function StateLine({ state }: { state: DraftState }) {
  const isTrouble = state.kind === "lost" || state.kind === "refused" || state.kind === "conflict";
  const text =
    state.kind === "kept"
      ? t("reporting.state.kept", { time: timeText(state.time) })
      : state.kind === "refused"
        ? state.reason
        : t(`reporting.state.${state.kind}`);
  return (
    <p class={`report-state ${isTrouble ? "is-trouble" : ""}`} data-state={state.kind}>
      {text}
      <span class="sr-only" role="status">
        {isTrouble ? text : ""}
      </span>
    </p>
  );
}

function Problem({ desk, text }: { desk: ReportDesk; text: string }) {
  return (
    <div class="report-card is-warning" role="alert">
      <p>{t("reporting.problem", { reason: text })}</p>
      <button type="button" onClick={() => void desk.load()}>
        {t("reporting.again")}
      </button>
    </div>
  );
}
