/** Whose pictures they are. */
import type { Study } from "./data";

/** Whether two studies are of one patient; without an id nobody can tell. A study is always of its own patient. */
export function isSamePatient(a: Study, b: Study): boolean {
  return a.uid === b.uid || (a.id !== "" && a.id === b.id && a.name === b.name);
}
