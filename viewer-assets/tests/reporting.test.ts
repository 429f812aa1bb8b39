import assert from "node:assert/strict";
import test from "node:test";
import { RequestError } from "../src/api";
import { DraftSync } from "../src/reporting/draftSync";
import {
  ADDENDUM,
  afterTemplate,
  asAddendum,
  FINDINGS,
  hasText,
  openLines,
  together,
  withFrames,
  type Draft,
  type KeepAnswer,
  type KeptDraft,
} from "../src/reporting/model";

const IMPRESSION = "19005-8";
const draft = (findings: string, impression = "", more: Partial<Draft> = {}): Draft => ({
  follows: 0,
  template: "ct_chest",
  title: "CT Chest Report",
  sections: [
    { code: FINDINGS, heading: "Findings", text: findings },
    { code: IMPRESSION, heading: "Impression", text: impression },
  ],
  keyFrames: [],
  ...more,
});

/** The server's draft of one reader, as the contract has it. */
class Server {
  kept: KeptDraft | null = null;
  isUp = true;
  readonly bases: number[] = [];
  wait: Promise<void> | null = null;

  async put(base: number, sent: Draft): Promise<KeepAnswer> {
    this.bases.push(base);
    await this.wait;
    if (!this.isUp) throw new RequestError(0, "offline");
    if (sent.title === "") throw new RequestError(400, "A report has a title.");
    if (!this.kept && base > 0) return { revision: 0, gone: true };
    if (this.kept && this.kept.revision !== base)
      return { revision: this.kept.revision, conflict: this.kept };
    const revision = base + 1;
    this.kept = { author: "Ada", revision, changed: "2026-11-27T10:00:00Z", draft: sent };
    return { revision };
  }

  get text(): string | undefined {
    return this.kept?.draft.sections[0]?.text;
  }
}

/** One window, whose clock is turned by hand. */
class Page {
  gone = 0;
  private timers: { readonly act: () => void; readonly at: number }[] = [];
  private time = 0;
  readonly sync: DraftSync;

  constructor(server: Server) {
    this.sync = new DraftSync({
      send: (base, sent) => server.put(base, sent),
      later: (act, milliseconds) => {
        const timer = { act, at: this.time + milliseconds };
        this.timers.push(timer);
        return timer;
      },
      cancel: (timer) => {
        this.timers = this.timers.filter((one) => one !== timer);
      },
      now: () => new Date(this.time),
      onGone: () => {
        this.gone += 1;
      },
    });
  }

  async pass(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    const due = this.timers.filter(({ at }) => at <= this.time);
    this.timers = this.timers.filter(({ at }) => at > this.time);
    for (const { act } of due) act();
    await settled();
  }

  get kind(): string {
    return this.sync.state.peek().kind;
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

test("a pause keeps what was written, typing on does not send each letter", async () => {
  const server = new Server();
  const page = new Page(server);
  page.sync.begin(draft(""));
  await page.pass(5000);
  assert.equal(server.kept, null, "a template alone is no draft");
  for (const text of ["a", "ab", "abc"]) {
    page.sync.change(draft(text));
    await page.pass(500);
  }
  assert.equal(page.kind, "writing");
  assert.equal(server.bases.length, 0);
  await page.pass(2000);
  assert.equal(server.text, "abc");
  assert.equal(page.kind, "kept");
  assert.equal(page.sync.isBehind, false);
});

test("a template that is signed as it is, is kept first", async () => {
  const server = new Server();
  const page = new Page(server);
  page.sync.begin(draft("Normal."));
  page.sync.touch();
  assert.equal(await page.sync.flush(), true);
  assert.equal(server.text, "Normal.");
});

test("what is typed while a draft is on its way is sent after it", async () => {
  const server = new Server();
  const page = new Page(server);
  const gate: { open?: () => void } = {};
  server.wait = new Promise((resolve) => {
    gate.open = resolve;
  });
  page.sync.change(draft("one"));
  const flushed = page.sync.flush();
  page.sync.change(draft("two"));
  server.wait = null;
  gate.open?.();
  assert.equal(await flushed, true);
  assert.equal(server.text, "two");
  assert.deepEqual(server.bases, [0, 1]);
});

test("a server that is away is tried again, and the text stays", async () => {
  const server = new Server();
  const page = new Page(server);
  server.isUp = false;
  page.sync.change(draft("one"));
  assert.equal(await page.sync.flush(), false);
  assert.equal(page.kind, "lost");
  server.isUp = true;
  await page.pass(5000);
  assert.equal(server.text, "one");
  assert.equal(page.kind, "kept");
});

test("what the server refuses is told, and sent again once it is changed", async () => {
  const server = new Server();
  const page = new Page(server);
  page.sync.change(draft("one", "", { title: "" }));
  assert.equal(await page.sync.flush(), false);
  assert.deepEqual(page.sync.state.peek(), { kind: "refused", reason: "A report has a title." });
  page.sync.change(draft("one"));
  assert.equal(await page.sync.flush(), true);
});

test("two windows: both texts stay until the reader has chosen", async () => {
  const server = new Server();
  const [one, two] = [new Page(server), new Page(server)];
  one.sync.change(draft("start"));
  await one.sync.flush();
  two.sync.adopt(server.kept as KeptDraft);
  one.sync.change(draft("here"));
  await one.sync.flush();
  two.sync.change(draft("there"));
  assert.equal(await two.sync.flush(), false);
  assert.equal(two.kind, "conflict");
  two.sync.change(draft("there, and on"));
  await two.pass(10_000);
  assert.equal(server.text, "here", "nothing is written over before the reader has chosen");
  await two.sync.keepMine();
  assert.equal(server.text, "there, and on");
  one.sync.change(draft("again"));
  await one.sync.flush();
  assert.deepEqual(one.sync.takeTheirs(), draft("again"));
  assert.equal(one.sync.draft.peek()?.sections[0]?.text, "there, and on");
  assert.equal(one.kind, "kept");
});

test("a draft that was signed or thrown away elsewhere is told, and the text is kept anew", async () => {
  const server = new Server();
  const page = new Page(server);
  page.sync.change(draft("one"));
  await page.sync.flush();
  server.kept = null;
  page.sync.change(draft("two"));
  assert.equal(await page.sync.flush(), true);
  assert.equal(page.gone, 1);
  assert.equal(server.text, "two");
});

test("going back to what is kept says kept", async () => {
  const server = new Server();
  const page = new Page(server);
  page.sync.change(draft("one"));
  await page.sync.flush();
  page.sync.change(draft("two"));
  page.sync.change(draft("one"));
  await page.pass(2000);
  assert.equal(page.kind, "kept");
  assert.equal(server.bases.length, 1);
});

test("another template takes only what templates wrote", () => {
  const filled = draft("Lungs:").sections;
  const next = {
    template: "ct_head",
    title: "CT Head Report",
    sections: [
      { code: FINDINGS, heading: "Findings", text: "Brain:" },
      { code: "18834-2", heading: "Comparison", text: "None." },
    ],
  };
  const after = afterTemplate(draft("Lungs:", "Mine."), next, filled);
  assert.deepEqual(
    after.sections.map(({ code, text }) => [code, text]),
    [
      [FINDINGS, "Brain:"],
      ["18834-2", "None."],
      [IMPRESSION, "Mine."],
    ],
  );
  assert.equal(afterTemplate(draft("Own words."), next, filled).sections[0]?.text, "Own words.");
});

test("two texts together lose nothing and repeat nothing", () => {
  const frames = [{ series: "1", instance: "2", frame: 1 }];
  const joined = together(draft("Mine."), draft("Theirs.", "Impression.", { keyFrames: frames }));
  assert.deepEqual(
    joined.sections.map(({ text }) => text),
    ["Mine.\nTheirs.", "Impression."],
  );
  assert.deepEqual(joined.keyFrames, frames);
  assert.deepEqual(together(joined, draft("Theirs.")), joined);
});

test("a report that came too late becomes an addendum with all its text", () => {
  const late = asAddendum(1, "Addendum", draft("Nodule.", ""));
  assert.deepEqual(late.sections, [{ code: ADDENDUM, heading: "Addendum", text: "Findings\nNodule." }]);
  assert.equal(late.follows, 1);
  assert.deepEqual(asAddendum(2, "Addendum", late).sections, late.sections);
  assert.equal(hasText(asAddendum(1, "Addendum", null)), false);
});

test("each image is in a report once", () => {
  const frame = { series: "1", instance: "2", frame: 1 };
  const both = withFrames(draft("", "", { keyFrames: [frame] }), [
    frame,
    { ...frame, frame: 2 },
    { ...frame, frame: 2 },
  ]);
  assert.deepEqual(both.keyFrames, [frame, { ...frame, frame: 2 }]);
});

test("lines that a template left open are found", () => {
  assert.deepEqual(openLines(draft("Lungs: clear\nPleura:\n  Heart: \nTime 10:30", "Text.")), [
    "Pleura",
    "Heart",
  ]);
});
