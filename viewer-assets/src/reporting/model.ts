/** What the server says of a study's report; `plugin/sightline/viewer/reporting.py` writes it. */

export interface Section {
  /** A heading of PS3.16 CID 7001. */
  readonly code: string;
  readonly heading: string;
  readonly text: string;
}

export interface KeyFrame {
  readonly series: string;
  readonly instance: string;
  readonly frame: number;
}

/** What a reader writes: a report where `follows` is 0, else an addendum to the version of that number. */
export interface Draft {
  readonly follows: number;
  readonly template: string;
  readonly title: string;
  readonly sections: readonly Section[];
  readonly keyFrames: readonly KeyFrame[];
}

/** A draft that the server has. */
export interface KeptDraft {
  readonly author: string;
  readonly revision: number;
  readonly changed: string;
  readonly draft: Draft;
}

export interface Signature {
  readonly author: string;
  readonly signed: string;
}

/** What was signed, of this study or of another one. */
export interface SignedReport {
  readonly id: string;
  readonly version: number;
  readonly title: string;
  readonly sections: readonly Section[];
  readonly keyFrames: readonly KeyFrame[];
  readonly author: string;
  readonly signed: string;
  readonly signatures: readonly Signature[];
  readonly study: string;
  readonly studyDate: string;
  readonly studyDescription: string;
}

export interface Version extends SignedReport {
  /** Whether the archive has it. */
  readonly stored: boolean;
  /** Why it has not, if that was tried. */
  readonly problem: string | null;
}

export interface ReportAnswer {
  readonly mayReport: boolean;
  readonly why: string | null;
  /** The name under which the reader signs. */
  readonly author: string;
  readonly draft: KeptDraft | null;
  readonly others: readonly KeptDraft[];
  readonly versions: readonly Version[];
  readonly templates: readonly { readonly id: string; readonly name: string }[];
  readonly suggested: string;
  readonly order: { readonly number: string; readonly reason: string; readonly requester: string } | null;
}

/** What became of a draft that was sent. */
export interface KeepAnswer {
  readonly revision: number;
  readonly conflict?: KeptDraft;
  /** It was signed, or thrown away, elsewhere. */
  readonly gone?: true;
}

export interface FilledTemplate {
  readonly template: string;
  readonly title: string;
  readonly sections: readonly Section[];
}

export interface PriorDocument {
  readonly study: string;
  readonly series: string;
  readonly instance: string;
  readonly kind: "report" | "pdf";
  readonly title: string;
  readonly date: string;
  readonly studyDescription: string;
}

export interface PriorReports {
  readonly reports: readonly SignedReport[];
  readonly documents: readonly PriorDocument[];
}

export const ADDENDUM = "55107-7";
export const FINDINGS = "59776-5";

/** Whether anything is written in it. */
export function hasText({ sections }: Pick<Draft, "sections">): boolean {
  return sections.some(({ text }) => text.trim() !== "");
}

/** Lines that name something and say nothing of it, as templates leave them: "Pleura:". */
export function openLines({ sections }: Pick<Draft, "sections">): readonly string[] {
  return sections.flatMap(({ text }) =>
    [...text.matchAll(/^[ \t]*([^:\n]{1,60}):[ \t]*$/gm)].map((match) => (match[1] ?? "").trim()),
  );
}

export function isSameFrame(a: KeyFrame, b: KeyFrame): boolean {
  return a.series === b.series && a.instance === b.instance && a.frame === b.frame;
}

/** The same with more key images, each once. */
export function withFrames(draft: Draft, frames: readonly KeyFrame[]): Draft {
  const fresh = frames.filter(
    (frame, index) =>
      !draft.keyFrames.some((one) => isSameFrame(one, frame)) &&
      frames.findIndex((one) => isSameFrame(one, frame)) === index,
  );
  const added = fresh.map(({ series, instance, frame }) => ({ series, instance, frame }));
  return { ...draft, keyFrames: [...draft.keyFrames, ...added] };
}

/**
 * The same after another template. What the reader wrote stays: in the section of the same kind, else at the end. `filled`
 * is what templates wrote, which the new one may replace.
 */
export function afterTemplate(draft: Draft, next: FilledTemplate, filled: readonly Section[]): Draft {
  const isOwn = ({ code, text }: Section): boolean =>
    text.trim() !== "" && !filled.some((one) => one.code === code && one.text === text);
  const own = draft.sections.filter(isOwn);
  const sections = next.sections.map((section) => ({
    ...section,
    text: own.find(({ code }) => code === section.code)?.text ?? section.text,
  }));
  const left = own.filter(({ code }) => !next.sections.some((section) => section.code === code));
  return { ...draft, template: next.template, title: next.title, sections: [...sections, ...left] };
}

/** Both texts: what somebody else wrote comes below what is there. */
export function together(mine: Draft, theirs: Draft): Draft {
  const textOf = (code: string): string =>
    theirs.sections
      .filter((one) => one.code === code)
      .map(({ text }) => text)
      .join("\n");
  const joined = mine.sections.map((section) => {
    const more = textOf(section.code);
    const isThere = more.trim() === "" || section.text.includes(more);
    return isThere ? section : { ...section, text: [section.text, more].filter(Boolean).join("\n") };
  });
  const left = theirs.sections.filter(({ code }) => !mine.sections.some((section) => section.code === code));
  return withFrames({ ...mine, sections: [...joined, ...left] }, theirs.keyFrames);
}

/** An addendum to that version, with what was written so far. */
export function asAddendum(follows: number, heading: string, draft: Draft | null): Draft {
  const lines = (draft?.sections ?? [])
    .filter(({ text }) => text.trim() !== "")
    .map(({ code, heading: name, text }) => (code === ADDENDUM ? text : `${name}\n${text}`));
  const sections = [{ code: ADDENDUM, heading, text: lines.join("\n\n") }];
  return { follows, template: "", title: heading, sections, keyFrames: draft?.keyFrames ?? [] };
}
