/** What the slider says of slices that are on the device: brighter along its track, and in words. */
import { t } from "../messages";
import type { Coverage } from "./localPictures";

/** Of the thumb, whose middle is what moves along the track; the style sheet says so too. */
const THUMB_LENGTH = 28;

/** What the slider is given. */
interface TrackAttributes {
  readonly title?: string;
  readonly style?: Readonly<Record<string, string>>;
}

/** Attributes of the slider of a pile of `count` pictures. */
export function localTrack(coverage: Coverage | null, count: number): TrackAttributes {
  if (!coverage || coverage.loaded === 0) return {};
  const { loaded, total, runs } = coverage;
  return { title: t("study.local", { loaded, total }), style: { "--local": trackImage(runs, count) } };
}

/** The track as an image: each run is bright from half a slice before its first to half a slice after its last. */
export function trackImage(runs: Coverage["runs"], count: number): string {
  const stops = runs.flatMap(([first, last]) => {
    const [from, to] = [placeOnTrack(first - 0.5, count), placeOnTrack(last + 0.5, count)];
    return [`#0000 ${from}`, `var(--faint) ${from}`, `var(--faint) ${to}`, `#0000 ${to}`];
  });
  return `linear-gradient(${stops.join(", ")})`;
}

/** Where a slice lies along the track. */
export function placeOnTrack(slice: number, count: number): string {
  const share = Math.min(1, Math.max(0, slice / (count - 1)));
  return `calc(${THUMB_LENGTH / 2}px + (100% - ${THUMB_LENGTH}px) * ${share.toFixed(4)})`;
}
