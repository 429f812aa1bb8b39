import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { shownPlace } from "../keyImages/placeOf";
import { t } from "../messages";
import { prefersTouch } from "../study/reader";
import { Icon } from "../ui/Icon";
import type { ReportDesk } from "./desk";
import { messageOf } from "./desk";
import { FindingMenu } from "./FindingMenu";
import { fit, insertLines } from "./insert";
import { KeyFrames } from "./KeyFrames";
import {
  FINDINGS,
  hasText,
  isSameFrame,
  withFrames,
  type Draft,
  type KeyFrame,
  type ReportAnswer,
} from "./model";
import { SignSheet } from "./SignSheet";

interface Props {
  readonly desk: ReportDesk;
  readonly answer: ReportAnswer;
  readonly draft: Draft;
}

/** The draft: what it is called, its sections, its images, and the way to sign it. */
export function Editor({ desk, answer, draft }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const last = useRef<HTMLTextAreaElement | null>(null);
  const isSigning = useSignal(false);
  const trouble = useSignal("");
  useEffect(() => {
    if (!prefersTouch()) fieldFor(form.current, last.current)?.focus({ preventScroll: true });
  }, []);
  const isAddendum = draft.follows > 0;
  const trying = async (act: () => Promise<void>): Promise<void> => {
    trouble.value = "";
    try {
      await act();
    } catch (error) {
      trouble.value = messageOf(error);
    }
  };
  return (
    <form
      ref={form}
      class="report-editor"
      aria-label={t(isAddendum ? "reporting.addendum" : "reporting.draft")}
      onSubmit={(event) => {
        event.preventDefault();
        if (hasText(draft)) isSigning.value = true;
      }}
      onFocusIn={({ target }) => {
        if (target instanceof HTMLTextAreaElement) last.current = target;
      }}
    >
      {isAddendum ? (
        <h3>{t("reporting.addendum")}</h3>
      ) : (
        <Heading
          desk={desk}
          answer={answer}
          draft={draft}
          onChoose={(id) => void trying(() => desk.useTemplate(id))}
        />
      )}
      {answer.order && (
        <p class="quiet">
          {t("reporting.order", { number: answer.order.number, reason: answer.order.reason })}
        </p>
      )}
      {draft.sections.map((section, index) => (
        <SectionField
          key={`${section.code} ${index}`}
          code={section.code}
          heading={section.heading}
          text={section.text}
          onText={(text) => {
            const sections = draft.sections.map((one, at) => (at === index ? { ...one, text } : one));
            desk.sync.change({ ...draft, sections });
          }}
        />
      ))}
      <div class="report-row">
        <FindingMenu
          reader={desk.reader}
          onInsert={(text) => {
            const field = fieldFor(form.current, last.current);
            if (field) insertLines(field, text);
          }}
        />
        <ImageButtons desk={desk} draft={draft} />
      </div>
      <KeyFrames
        reader={desk.reader}
        frames={draft.keyFrames}
        onRemove={(frame) =>
          desk.sync.change({ ...draft, keyFrames: draft.keyFrames.filter((one) => !isSameFrame(one, frame)) })
        }
      />
      {trouble.value && (
        <p class="report-note" role="alert">
          {trouble.value}
        </p>
      )}
      <div class="report-row report-end">
        <button type="button" onClick={() => void trying(() => desk.discard())}>
          <Icon name="icon:trash-2" />
          {t("reporting.discard")}
        </button>
        <button type="submit" class="primary" disabled={!hasText(draft)}>
          {t("reporting.sign")}
        </button>
      </div>
      {isSigning.value && (
        <SignSheet
          desk={desk}
          answer={answer}
          draft={draft}
          onClose={() => {
            isSigning.value = false;
          }}
        />
      )}
    </form>
  );
}

/** Where text goes that is not typed: where the reader was last, else the findings. */
function fieldFor(
  form: HTMLFormElement | null,
  last: HTMLTextAreaElement | null,
): HTMLTextAreaElement | null {
  if (last?.isConnected) return last;
  const field = (selector: string) => form?.querySelector<HTMLTextAreaElement>(selector) ?? null;
  return field(`textarea[data-code="${FINDINGS}"]`) ?? field("textarea");
}

interface HeadingProps extends Props {
  readonly onChoose: (template: string) => void;
}

function Heading({ desk, answer, draft, onChoose }: HeadingProps) {
  return (
    <div class="report-pair">
      <label class="report-field">
        <span>{t("reporting.template")}</span>
        <select value={draft.template} onChange={(event) => onChoose(event.currentTarget.value)}>
          {answer.templates.every(({ id }) => id !== draft.template) && (
            <option value={draft.template}>{t("reporting.templateNone")}</option>
          )}
          {answer.templates.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="report-field">
        <span>{t("reporting.heading")}</span>
        <input
          type="text"
          maxLength={64}
          required
          value={draft.title}
          onInput={(event) => desk.sync.change({ ...draft, title: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}

interface FieldProps {
  readonly code: string;
  readonly heading: string;
  readonly text: string;
  readonly onText: (text: string) => void;
}

/** A section that is as high as its text. */
function SectionField({ code, heading, text, onText }: FieldProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (field.current) fit(field.current);
  }, [text]);
  return (
    <label class="report-section">
      <span>{heading}</span>
      <textarea
        ref={field}
        dir="auto"
        rows={1}
        spellcheck
        data-code={code}
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </label>
  );
}

/** The image that is shown, or all that have a star, become images of the report. */
function ImageButtons({ desk, draft }: { desk: ReportDesk; draft: Draft }) {
  const { reader } = desk;
  const add = (frames: readonly KeyFrame[]): void => desk.sync.change(withFrames(draft, frames));
  const starred = [...reader.keyImages.all.value.values(), ...reader.keyImages.others.value].filter(
    ({ study }) => study === reader.study.uid,
  );
  return (
    <>
      <button
        type="button"
        onClick={() => {
          const place = shownPlace(reader.active.peek());
          if (place && place.study === reader.study.uid) add([place]);
          else reader.notice.value = t("reporting.noImage");
        }}
      >
        <Icon name="icon:book-image" />
        {t("reporting.addImage")}
      </button>
      {starred.length > 0 && (
        <button type="button" onClick={() => add(starred)}>
          <Icon name="icon:star" />
          {t("reporting.addStarred")}
        </button>
      )}
    </>
  );
}
