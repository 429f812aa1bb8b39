/** What the server says of a de-identified download; `plugin/sightline/viewer/downloads.py` writes it. */

export type Risk = "none" | "unstated" | "likely";
export type Action = "removed" | "emptied" | "replaced" | "added" | "kept";

/** One attribute of the one file that was looked at. */
export type Change = readonly [tag: string, name: string, action: Action, before: string, after: string];

/** One series, and what would become of it. */
export interface SeriesPreview {
  readonly uid: string;
  readonly number: number | null;
  readonly description: string;
  readonly modality: string;
  readonly instances: number | null;
  readonly risk: Risk;
  /** Why it cannot be de-identified at all; null where it can. */
  readonly refusal: string | null;
  readonly changes: readonly Change[];
  /** Path of a picture of its middle; null where there is none, or none is needed. */
  readonly picture: string | null;
}

export interface PreviewAnswer {
  readonly series: readonly SeriesPreview[];
}
