import assert from "node:assert/strict";
import test from "node:test";
import { Findings } from "../src/findings/findings";
import type { Change, FindingsAnswer, Kept, Result } from "../src/findings/kept";
import type { Finding } from "../src/findings/model";
import { Outbox, type Outcome } from "../src/findings/outbox";

const STUDY = "1.2";
const LINE: Finding = {
  study: STUDY,
  series: "1.2.3",
  instance: "1.2.3.4",
  frame: 1,
  id: "a",
  tracking: "2.25.1",
  tool: "length",
  points: [
    [1, 2],
    [4, 6],
  ],
  label: "node",
  colour: 0,
  hidden: false,
};
const THEIRS = { author: "Dr Other", changed: "2026-11-27T14:00:00Z" };
const OWN = { author: "me", changed: "2026-11-27T14:01:00Z" };

function answer(revision: number, kept: readonly (Kept & { finding: Finding })[]): FindingsAnswer {
  return { revision, mayAnnotate: true, findings: kept, saved: null };
}

/** A page and its outbox, and a way to carry out what an answer makes of the page. */
function desk() {
  const findings = new Findings();
  const outbox = new Outbox(STUDY, (mine) => ({
    ...mine,
    id: `${mine.id}-copy`,
    label: `${mine.label} (mine)`,
  }));
  const now = () => findings.all.peek();
  const apply = (outcome: Outcome): Outcome => {
    findings.put(...outcome.put);
    findings.remove(...outcome.remove);
    return outcome;
  };
  return {
    findings,
    outbox,
    pending: () => outbox.pending(now()),
    take: (news: FindingsAnswer) => apply(outbox.take(news, now())),
    end: (sent: readonly Change[], results: readonly Result[]) =>
      apply(outbox.end(sent, { revision: 9, results }, now(), OWN)),
    label: (id: string) => now().get(id)?.label,
  };
}

test("what is drawn is sent once, with the revision that it starts from", () => {
  const { findings, outbox, pending, end } = desk();
  findings.put(LINE, { ...LINE, id: "elsewhere", study: "9.9" });
  assert.deepEqual(pending(), [{ finding: LINE, base: 0 }]);
  end(outbox.begin(pending(), 1000), [{ id: "a", revision: 4 }]);
  assert.deepEqual(pending(), []);
  findings.change("a", { label: "lesion" });
  assert.deepEqual(pending(), [{ finding: { ...LINE, label: "lesion" }, base: 4 }]);
  findings.remove("a");
  assert.deepEqual(pending(), [{ remove: "a", base: 4 }]);
});

test("what is not drawn to its end yet is not sent", () => {
  const { findings, pending } = desk();
  findings.put({ ...LINE, points: [[1, 2]] });
  assert.deepEqual(pending(), []);
});

test("a change that is taken back before it was sent is none", () => {
  const { findings, pending, take } = desk();
  take(answer(3, [{ ...THEIRS, finding: LINE, revision: 3 }]));
  findings.change("a", { label: "typed" });
  findings.change("a", { label: "node" });
  assert.deepEqual(pending(), []);
});

test("while an answer is awaited, further changes of the same finding stay to be sent", () => {
  const { findings, outbox, pending, end } = desk();
  findings.put(LINE);
  const sent = outbox.begin(pending(), 1000);
  findings.change("a", { label: "later" });
  end(sent, [{ id: "a", revision: 1 }]);
  assert.deepEqual(pending(), [{ finding: { ...LINE, label: "later" }, base: 1 }]);
});

test("others' findings come and go on the page, and are not sent back", () => {
  const { take, pending, label, outbox } = desk();
  take(answer(2, [{ ...THEIRS, finding: LINE, revision: 2 }]));
  assert.equal(label("a"), "node");
  assert.equal(outbox.about("a")?.author, "Dr Other");
  take({ ...answer(5, []), removed: [{ id: "a", revision: 5, ...THEIRS }] });
  assert.equal(label("a"), undefined);
  assert.deepEqual(pending(), []);
  assert.equal(outbox.revision, 5);
});

test("two who change one finding: theirs takes its place, mine is kept beside it", () => {
  const { findings, take, pending, label } = desk();
  take(answer(1, [{ ...THEIRS, finding: LINE, revision: 1 }]));
  findings.change("a", { label: "mine" });
  const { conflicts } = take(answer(2, [{ ...THEIRS, finding: { ...LINE, label: "theirs" }, revision: 2 }]));
  assert.deepEqual([label("a"), label("a-copy")], ["theirs", "mine (mine)"]);
  assert.deepEqual(
    conflicts.map(({ id, copy, author }) => [id, copy, author]),
    [["a", "a-copy", "Dr Other"]],
  );
  assert.deepEqual(
    pending().map((change) => "finding" in change && [change.finding.id, change.base]),
    [["a-copy", 0]],
  );
});

test("what the server tells of a conflict keeps what was drawn while the answer was on its way", () => {
  const { findings, outbox, take, pending, end, label } = desk();
  take(answer(1, [{ ...THEIRS, finding: LINE, revision: 1 }]));
  findings.change("a", { label: "sent" });
  const sent = outbox.begin(pending(), 1000);
  findings.change("a", { label: "newest" });
  const stored = { ...THEIRS, finding: { ...LINE, label: "theirs" }, revision: 2 };
  end(sent, [{ id: "a", conflict: stored }]);
  assert.deepEqual([label("a"), label("a-copy")], ["theirs", "newest (mine)"]);
});

test("somebody removed what I changed: it stays as a copy", () => {
  const { findings, take, label } = desk();
  take(answer(1, [{ ...THEIRS, finding: LINE, revision: 1 }]));
  findings.change("a", { label: "mine" });
  const { conflicts } = take({ ...answer(2, []), removed: [{ id: "a", revision: 2, ...THEIRS }] });
  assert.deepEqual([label("a"), label("a-copy")], [undefined, "mine (mine)"]);
  assert.equal(conflicts[0]?.theirs, null);
});

test("somebody changed what I removed: it comes back", () => {
  const { findings, take, label, pending } = desk();
  take(answer(1, [{ ...THEIRS, finding: LINE, revision: 1 }]));
  findings.remove("a");
  const { conflicts } = take(answer(2, [{ ...THEIRS, finding: { ...LINE, label: "theirs" }, revision: 2 }]));
  assert.equal(label("a"), "theirs");
  assert.equal(conflicts[0]?.mine, null);
  assert.deepEqual(pending(), []);
});

test("to hide or to colour is no quarrel", () => {
  const { findings, take, pending } = desk();
  take(answer(1, [{ ...THEIRS, finding: LINE, revision: 1 }]));
  findings.change("a", { hidden: true });
  const { conflicts } = take(answer(2, [{ ...THEIRS, finding: { ...LINE, label: "theirs" }, revision: 2 }]));
  assert.deepEqual(conflicts, []);
  assert.deepEqual(pending(), [{ finding: { ...LINE, label: "theirs", hidden: true }, base: 2 }]);
});

test("an answer that was lost on the way is no conflict with oneself", () => {
  const { findings, outbox, pending, end } = desk();
  findings.put(LINE);
  outbox.begin(pending(), 1000); // arrived; the answer did not
  findings.change("a", { label: "later" });
  const again = outbox.begin(pending(), 1000);
  const { conflicts } = end(again, [{ id: "a", conflict: { ...OWN, finding: LINE, revision: 1 } }]);
  assert.deepEqual(conflicts, []);
  assert.deepEqual(pending(), [{ finding: { ...LINE, label: "later" }, base: 1 }]);
});

test("a body holds so many bytes, and always one change", () => {
  const { findings, outbox, pending } = desk();
  for (let index = 0; index < 5; index += 1) findings.put({ ...LINE, id: `f${index}` });
  const bytes = JSON.stringify(pending()[0]).length + 1;
  assert.equal(outbox.begin(pending(), 2 * bytes).length, 2);
  assert.equal(outbox.begin(pending(), 1).length, 1);
});

test("what the server refuses is sent again only after the reader has changed it", () => {
  const { findings, outbox, pending } = desk();
  findings.put(LINE);
  const [only] = outbox.begin(pending(), 1);
  if (only) outbox.refuse(only);
  assert.deepEqual(pending(), []);
  findings.change("a", { label: "other" });
  assert.equal(pending().length, 1);
});
