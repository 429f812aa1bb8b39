/** Whose pictures they are. */
import type { Study } from "./data";

/**
 * Whether two studies are of one patient: one id, and birth dates that agree, or one name where a birth date is missing.
 * Names alone change; without an id nobody can tell. A study is always of its own patient.
 */
export function isSamePatient(a: Study, b: Study): boolean {
  if (a.uid === b.uid) return true;
  if (a.id === "" || a.id !== b.id) return false;
  return a.birthDate && b.birthDate ? a.birthDate === b.birthDate : a.name === b.name;
}
