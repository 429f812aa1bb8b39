/** What is read or played rather than looked at: reports, PDF, videos. They go into panes as stacks of pictures do. */
import { t } from "../messages";
import type { Series, Study, StudyAnswer, StudyDocument } from "./data";

export interface DocumentTile {
  /** Names it in URLs and among all tiles of the page: its SOP Instance UID. */
  readonly key: string;
  readonly study: Study;
  readonly series: Series;
  readonly document: StudyDocument;
}

/** The documents of a study, in the order of its series. */
export function documentsOf({ study, series }: StudyAnswer): readonly DocumentTile[] {
  return series.flatMap((one) =>
    (one.documents ?? []).map((document) => ({ key: document.instance, study, series: one, document })),
  );
}

/** Where it is, below Orthanc's root; null for what is only named. */
export function documentPath({ study, series, document }: DocumentTile): string | null {
  if (document.kind === "other") return null;
  const part = document.kind === "video" ? "video" : "document";
  return `sightline/api/studies/${study.uid}/series/${series.uid}/instances/${document.instance}/${part}`;
}

/** What a kind of document is called. */
export function kindName({ kind }: { readonly kind: StudyDocument["kind"] }): string {
  return t(kind === "other" ? "document.kind.else" : `document.kind.${kind}`);
}
