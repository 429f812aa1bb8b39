/** Finding by a few letters of a name. */

/**
 * How well `name` answers `query`: 0 where a letter is missing; more for letters at the beginnings of words and for letters
 * that follow each other. Case and accents do not count.
 */
export function score(query: string, name: string): number {
  const wanted = plain(query);
  if (wanted === "") return 1;
  const text = plain(name);
  const at = text.indexOf(wanted);
  // A part as it was typed is better than letters strewn over the name.
  if (at >= 0) return 100 + (isBeginning(text, at) ? 50 : 0) + (at === 0 ? 50 : 0) - text.length / 100;
  let points = 0;
  let from = 0;
  let before = -2;
  for (const letter of wanted.replace(/ /g, "")) {
    const here = nextPlace(text, letter, from);
    if (here < 0) return 0;
    points += isBeginning(text, here) ? 4 : here === before + 1 ? 3 : 0.5;
    before = here;
    from = here + 1;
  }
  // Letters strewn over a long name mean nothing.
  return points / wanted.length >= 1.5 ? points : 0;
}

/** The letter at the beginning of a word rather than the next one, unless that lies right here. */
function nextPlace(text: string, letter: string, from: number): number {
  const first = text.indexOf(letter, from);
  if (first <= from) return first;
  for (let at = first; at >= 0; at = text.indexOf(letter, at + 1)) if (isBeginning(text, at)) return at;
  return first;
}

function isBeginning(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? " ");
}

/** Without accents, in small letters; the sign of multiplication is typed as an x. */
function plain(text: string): string {
  const letters = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return letters.replace(/×/g, "x").trim().replace(/\s+/g, " ");
}
