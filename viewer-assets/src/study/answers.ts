/** What the reading page asks the server for. */
import { getJson } from "../api";
import type { PriorSeriesAnswer, PriorsAnswer, StudyAnswer } from "./data";

/** A study with all its series and their frames. */
export function studyAnswer(study: string): Promise<StudyAnswer> {
  return getJson<StudyAnswer>(`sightline/api/studies/${study}`);
}

/** Other studies of the patient, the best to compare with first. */
export function priorsAnswer(study: string): Promise<PriorsAnswer> {
  return getJson<PriorsAnswer>(`sightline/api/studies/${study}/priors`);
}

/** Which series of two studies hang beside each other. */
export function priorSeriesAnswer(study: string, prior: string): Promise<PriorSeriesAnswer> {
  return getJson<PriorSeriesAnswer>(`sightline/api/studies/${study}/priors/${prior}`);
}
