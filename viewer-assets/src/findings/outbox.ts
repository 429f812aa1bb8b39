/**
 * In what a study's findings on the page differ from those that the server has. What is to be sent is found by comparing the
 * two, so nothing is ever taken out of a queue and lost. Pure: requests and time are the business of `sync.ts`.
 */
import type { FindingMap } from "./findings";
import {
  idOf,
  isSame,
  isSameBut,
  type Change,
  type ChangesAnswer,
  type FindingsAnswer,
  type Kept,
} from "./kept";
import { TOOLS, type Finding } from "./model";

/** Somebody else changed what the reader changed too. */
export interface Conflict {
  readonly id: string;
  /** What the reader had made of it; null: removed it. */
  readonly mine: Finding | null;
  /** Under which id that is kept now; null where it was removed. */
  readonly copy: string | null;
  /** What stands in its place; null: they removed it. */
  readonly theirs: Finding | null;
  readonly author: string;
  readonly changed: string;
}

/** What an answer makes of the page's findings. */
export interface Outcome {
  readonly put: readonly Finding[];
  readonly remove: readonly string[];
  readonly conflicts: readonly Conflict[];
}

/** The server takes no more changes at once than 500. */
const MOST_CHANGES = 200;
/** What only says how a finding is shown: two people may change that without a quarrel. */
const LOOKS: readonly (keyof Finding)[] = ["hidden", "colour"];

export class Outbox {
  /** Up to which revision everything is known. */
  revision = 0;
  private readonly kept = new Map<string, Kept>();
  /** What was sent without an answer so far: it may have arrived all the same. */
  private readonly sent = new Map<string, (Finding | null)[]>();
  /** What the server will never take as it is. */
  private readonly refused = new Map<string, Finding | null>();

  /**
   * @param copyOf - Another finding with the same content, named as the reader's own version.
   */
  constructor(
    readonly study: string,
    private readonly copyOf: (mine: Finding) => Finding,
  ) {}

  /** Who changed it last, and when; undefined where the server does not know it. */
  about(id: string): Kept | undefined {
    return this.kept.get(id);
  }

  /** Everything that the server has to be told, in the order in which it was made. */
  pending(local: FindingMap): readonly Change[] {
    const changes: Change[] = [];
    for (const finding of local.values()) {
      const { id, study, tool, points } = finding;
      const before = this.kept.get(id);
      const isWhole = points.length >= TOOLS[tool].points[0];
      if (study !== this.study || !isWhole || isSame(before?.finding ?? null, finding)) continue;
      if (!this.isRefused(id, finding)) changes.push({ finding, base: before?.revision ?? 0 });
    }
    for (const [id, { finding, revision }] of this.kept) {
      if (finding && !local.has(id) && !this.isRefused(id, null))
        changes.push({ remove: id, base: revision });
    }
    return changes;
  }

  /** The first of `changes` that go into a body of so many bytes, at least one. They count as sent from now on. */
  begin(changes: readonly Change[], mostBytes: number): readonly Change[] {
    let bytes = 0;
    const taken = changes.filter((change, index) => {
      bytes += bytesOf(change);
      return index === 0 || (bytes <= mostBytes && index < MOST_CHANGES);
    });
    for (const change of taken) {
      const id = idOf(change);
      this.sent.set(id, [...(this.sent.get(id) ?? []), contentOf(change)]);
    }
    return taken;
  }

  /** The server took the changes, or told what was there already. */
  end(
    changes: readonly Change[],
    answer: ChangesAnswer,
    local: FindingMap,
    by: Pick<Kept, "author" | "changed">,
  ): Outcome {
    const contents = new Map(changes.map((change) => [idOf(change), contentOf(change)]));
    const outcomes = answer.results.map((result) => {
      if ("conflict" in result) return this.meet(result.id, result.conflict, local);
      const finding = contents.get(result.id) ?? null;
      this.kept.set(result.id, { ...by, finding, revision: result.revision });
      this.sent.delete(result.id);
      return NOTHING;
    });
    return together(outcomes);
  }

  /** The server will not have that change. It is not sent again before the reader changes it. */
  refuse(change: Change): void {
    this.refused.set(idOf(change), contentOf(change));
    this.sent.delete(idOf(change));
  }

  /** Take in what the server has, or what changed there. */
  take(answer: FindingsAnswer, local: FindingMap): Outcome {
    const gone = (answer.removed ?? []).map(({ id, ...kept }) => [id, { ...kept, finding: null }] as const);
    const there = answer.findings.map((kept) => [kept.finding.id, kept] as const);
    this.revision = answer.revision;
    const isNews = (id: string, { revision }: Kept): boolean => revision > (this.kept.get(id)?.revision ?? 0);
    return together(
      [...there, ...gone].flatMap(([id, kept]) => (isNews(id, kept) ? [this.meet(id, kept, local)] : [])),
    );
  }

  /** What the server has meets what is on the page: nothing of either may be lost. */
  private meet(id: string, theirs: Kept, local: FindingMap): Outcome {
    const mine = local.get(id) ?? null;
    const before = this.kept.get(id)?.finding ?? null;
    const sent = this.sent.get(id) ?? [];
    this.kept.set(id, theirs);
    this.sent.delete(id);
    const { finding, author, changed } = theirs;
    if (isSame(mine, finding)) return NOTHING;
    if (isSame(mine, before)) return finding ? { ...NOTHING, put: [finding] } : { ...NOTHING, remove: [id] };
    // An earlier version of mine, whose answer was lost on the way: it goes on from there.
    if (sent.some((one) => isSame(one, finding))) return NOTHING;
    if (mine && before && finding && isSameBut(mine, before, LOOKS))
      return { ...NOTHING, put: [{ ...finding, hidden: mine.hidden, colour: mine.colour }] };
    const copy = mine && this.copyOf(mine);
    return {
      put: [finding, copy].filter((one) => one !== null),
      remove: finding ? [] : [id],
      conflicts: [{ id, mine, copy: copy?.id ?? null, theirs: finding, author, changed }],
    };
  }

  private isRefused(id: string, content: Finding | null): boolean {
    return this.refused.has(id) && isSame(this.refused.get(id) ?? null, content);
  }
}

const NOTHING: Outcome = { put: [], remove: [], conflicts: [] };

function together(outcomes: readonly Outcome[]): Outcome {
  return {
    put: outcomes.flatMap(({ put }) => put),
    remove: outcomes.flatMap(({ remove }) => remove),
    conflicts: outcomes.flatMap(({ conflicts }) => conflicts),
  };
}

function contentOf(change: Change): Finding | null {
  return "finding" in change ? change.finding : null;
}

function bytesOf(change: Change): number {
  return new TextEncoder().encode(JSON.stringify(change)).length + 1;
}
