/** Attributes as rows that can be searched, compared and copied. No DOM here. */
import { byteCount } from "../format";
import { t } from "../messages";
import type { Attribute } from "../study/data";

/** One attribute, or one item of a sequence, at its depth. */
export interface TagRow {
  /** Tells rows apart, and finds the same attribute in another slice: tags and item numbers from the top. */
  readonly path: string;
  readonly depth: number;
  /** `(0010,0010)`; empty for an item. */
  readonly tag: string;
  readonly vr: string;
  readonly name: string;
  readonly value: string;
  readonly isPrivate: boolean;
}

/** All rows, each sequence followed by what is in it. */
export function rowsOf(attributes: readonly Attribute[], depth = 0, within = ""): readonly TagRow[] {
  return attributes.flatMap((attribute) => {
    const path = `${within}/${attribute.tag}`;
    const own = rowOf(attribute, depth, path);
    const first = attribute.first ?? 1;
    const nested = (attribute.items ?? []).flatMap((item, index) => {
      const itemPath = `${path}.${index}`;
      const name = t("tags.item", { number: first + index });
      const head = { path: itemPath, depth: depth + 1, tag: "", vr: "", name, value: "", isPrivate: false };
      return [head, ...rowsOf(item, depth + 2, itemPath)];
    });
    return [own, ...nested];
  });
}

function rowOf(attribute: Attribute, depth: number, path: string): TagRow {
  const { tag, vr, name, creator } = attribute;
  const isPrivate = Number.parseInt(tag.slice(3, 4), 16) % 2 === 1;
  return {
    path,
    depth,
    tag: `(${tag.slice(0, 4)},${tag.slice(4)})`,
    vr,
    name: name || (creator ? t("tags.private", { creator }) : t("tags.unknown")),
    value: valueOf(attribute),
    isPrivate,
  };
}

/** What an attribute holds, in words; what is not told in full says so. */
function valueOf({ value, meaning, length, size, items, count, problem }: Attribute): string {
  if (problem) return t("tags.problem", { problem });
  if (items) return t("tags.items", { count: count ?? items.length });
  if (value === undefined) return size === undefined ? "" : t("tags.bytes", { size: byteCount(size) });
  const text = value.join(" \\ ");
  const notes = [
    meaning ?? "",
    length === undefined ? "" : t("tags.shortened", { length }),
    count === undefined ? "" : t("tags.values", { count }),
  ].filter(Boolean);
  return notes.length > 0 ? `${text} (${notes.join(", ")})` : text;
}

/**
 * Rows with that text in tag, name or value, and what they lie in. Case does not matter; a tag may be written with or
 * without its brackets and comma.
 */
export function matching(rows: readonly TagRow[], text: string): readonly TagRow[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return rows;
  const digits = wanted.replace(/[(),\s]/g, "");
  const asTag = /^[0-9a-f]{4,8}$/.test(digits) ? digits : null;
  const hits = rows.filter(
    ({ tag, name, value }) =>
      `${name}\n${value}`.toLowerCase().includes(wanted) ||
      (asTag !== null && tag.replace(/[(),]/g, "").toLowerCase().startsWith(asTag)),
  );
  const kept = new Set(hits.flatMap(({ path }) => ancestors(path)));
  return rows.filter(({ path }) => kept.has(path));
}

/** A path and those of the sequences and items around it. */
function ancestors(path: string): readonly string[] {
  const found = [path];
  for (let at = path.length - 1; at > 0; at -= 1) {
    if (path[at] === "/" || path[at] === ".") found.push(path.slice(0, at));
  }
  return found;
}

/** Paths of rows that the other list has not, or with another value. */
export function differing(rows: readonly TagRow[], others: readonly TagRow[]): ReadonlySet<string> {
  const before = new Map(others.map(({ path, value }) => [path, value]));
  return new Set(rows.filter(({ path, value }) => before.get(path) !== value).map(({ path }) => path));
}
