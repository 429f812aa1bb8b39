import assert from "node:assert/strict";
import test from "node:test";
import { RequestError } from "../src/api";
import { Findings } from "../src/findings/findings";
import { idOf, type Change, type ChangesAnswer, type FindingsAnswer, type Kept } from "../src/findings/kept";
import type { Finding } from "../src/findings/model";
import { StudySync, type SendingWay } from "../src/findings/sync";

const STUDY = "1.2";
const WAY: SendingWay = { leaving: false, keepalive: false, predecessors: [] };
const line = (id: string, more: Partial<Finding> = {}): Finding => ({
  study: STUDY,
  series: "1.2.3",
  instance: "1.2.3.4",
  frame: 1,
  id,
  tracking: "2.25.1",
  tool: "length",
  points: [
    [1, 2],
    [4, 6],
  ],
  label: "",
  colour: 0,
  hidden: false,
  ...more,
});

/** The server of the contract, in memory, for several readers. */
class Server {
  readonly kept = new Map<string, Kept>();
  revision = 0;
  isUp = true;
  mayAnnotate = true;
  readonly bodies: { readonly ids: readonly string[]; readonly way: SendingWay }[] = [];

  get(since: number | null): FindingsAnswer {
    this.check();
    const news = [...this.kept].filter(([, { revision }]) => revision > (since ?? 0));
    return {
      revision: this.revision,
      mayAnnotate: this.mayAnnotate,
      findings: news.flatMap(([, kept]) => (kept.finding ? [{ ...kept, finding: kept.finding }] : [])),
      removed: news.flatMap(([id, { finding, ...kept }]) => (finding ? [] : [{ id, ...kept }])),
      saved: null,
    };
  }

  post(author: string, changes: readonly Change[], way: SendingWay): ChangesAnswer {
    this.check();
    this.bodies.push({ ids: changes.map(idOf), way });
    if (changes.some((change) => "finding" in change && change.finding.label === "bad"))
      throw new RequestError(422, "That label is bad.");
    const results = changes.map((change) => {
      const id = idOf(change);
      const before = this.kept.get(id);
      if ((before?.revision ?? 0) !== change.base && before) return { id, conflict: before };
      this.revision += 1;
      const finding = "finding" in change ? change.finding : null;
      this.kept.set(id, { finding, revision: this.revision, author, changed: "2026-11-27T14:00:00Z" });
      return { id, revision: this.revision };
    });
    return { revision: this.revision, results };
  }

  private check(): void {
    if (!this.isUp) throw new RequestError(0, "offline");
  }
}

/** One reader's page with a clock that is turned by hand. */
class Page {
  readonly findings = new Findings();
  private timers: { readonly act: () => void; readonly at: number }[] = [];
  private time = 0;
  readonly sync: StudySync;

  constructor(server: Server, user = "me") {
    this.sync = new StudySync(STUDY, this.findings, {
      ask: async (_study, since) => server.get(since),
      send: async (_study, changes, way) => server.post(user, changes, way),
      now: () => new Date(this.time),
      later: (act, milliseconds) => {
        const timer = { act, at: this.time + milliseconds };
        this.timers.push(timer);
        return timer;
      },
      cancel: (timer) => {
        this.timers = this.timers.filter((one) => one !== timer);
      },
      rest: async () => {},
      copyOf: (mine) => ({ ...mine, id: `${mine.id}-copy`, label: `${mine.label} (mine)` }),
      user,
    });
  }

  draw(...findings: readonly Finding[]): void {
    this.findings.put(...findings);
    this.sync.noticeChange();
  }

  async pass(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    const due = this.timers.filter(({ at }) => at <= this.time);
    this.timers = this.timers.filter(({ at }) => at > this.time);
    for (const { act } of due) act();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  static async opened(server: Server, user?: string): Promise<Page> {
    const page = new Page(server, user);
    page.sync.ask();
    await page.pass(0);
    return page;
  }

  get kind(): string {
    return this.sync.state.value.kind;
  }
}

test("several strokes go in one request, in their order", async () => {
  const server = new Server();
  const page = await Page.opened(server);
  page.draw(line("a"));
  await page.pass(100);
  page.draw(line("b"));
  assert.equal(page.kind, "keeping");
  await page.pass(300);
  assert.deepEqual(
    server.bodies.map(({ ids }) => ids),
    [["a", "b"]],
  );
  assert.equal(page.kind, "kept");
});

test("what is drawn while the server is away arrives when it is back, and the page says so meanwhile", async () => {
  const server = new Server();
  const page = await Page.opened(server);
  server.isUp = false;
  page.draw(line("a"));
  await page.pass(300);
  assert.equal(page.kind, "lost");
  page.draw(line("b"));
  await page.pass(1000);
  assert.equal(page.kind, "lost");
  server.isUp = true;
  page.sync.revive();
  await page.pass(0);
  assert.deepEqual([...server.kept.keys()], ["a", "b"]);
  assert.equal(page.kind, "kept");
});

test("a page that opens while the server is away gets what is there later", async () => {
  const server = new Server();
  server.post("other", [{ finding: line("a"), base: 0 }], WAY);
  server.isUp = false;
  const page = await Page.opened(server);
  page.draw(line("b"));
  server.isUp = true;
  await page.pass(1000);
  assert.deepEqual([...page.findings.all.value.keys()].sort(), ["a", "b"]);
  assert.deepEqual([...server.kept.keys()], ["a", "b"]);
});

test("who may only look sends nothing", async () => {
  const server = new Server();
  server.mayAnnotate = false;
  const page = await Page.opened(server);
  page.draw(line("a"));
  await page.pass(1000);
  page.sync.leave();
  assert.deepEqual(server.bodies, []);
  assert.equal(page.kind, "looking");
  assert.equal(page.findings.all.value.size, 1);
});

test("one bad finding does not take the others with it", async () => {
  const server = new Server();
  const page = await Page.opened(server);
  page.draw(line("a"), line("b", { label: "bad" }), line("c"));
  await page.pass(300);
  assert.deepEqual([...server.kept.keys()], ["a", "c"]);
  assert.deepEqual(page.sync.state.value, { kind: "problem", reason: "That label is bad." });
  page.draw(line("b", { label: "good" }));
  await page.pass(300);
  assert.deepEqual([...server.kept.keys()], ["a", "c", "b"]);
  assert.equal(page.kind, "kept");
});

test("two readers at once: both see both, and a quarrel loses nothing", async () => {
  const server = new Server();
  const [one, two] = [await Page.opened(server, "one"), await Page.opened(server, "two")];
  one.draw(line("a"));
  await one.pass(300);
  two.sync.ask();
  await two.pass(0);
  assert.equal(two.findings.all.value.size, 1);
  one.draw(line("a", { label: "one's" }));
  two.draw(line("a", { label: "two's" }));
  await one.pass(300);
  await two.pass(300);
  one.sync.ask();
  await one.pass(0);
  const labels = [one, two].map(({ findings }) => [...findings.all.value.values()].map(({ label }) => label));
  assert.deepEqual(labels, [
    ["one's", "two's (mine)"],
    ["one's", "two's (mine)"],
  ]);
  assert.equal(two.sync.conflicts.value.length, 1);
  assert.deepEqual(one.sync.conflicts.value, []);
});

test("a page that ends sends what is left in bodies that outlive it", async () => {
  const server = new Server();
  const page = await Page.opened(server);
  const outline = Array.from({ length: 3000 }, (_, index) => [index + 0.123, index + 0.456] as const);
  const large = (id: string): Finding => line(id, { tool: "polygon", points: outline });
  page.draw(large("a"), large("b"), line("c"));
  page.sync.leave();
  await page.pass(0);
  assert.deepEqual([...server.kept.keys()], ["a", "b", "c"]);
  assert.deepEqual(
    server.bodies.map(({ way }) => way.leaving),
    server.bodies.map((_, index) => index === server.bodies.length - 1),
  );
  assert.ok(server.bodies.at(-1)?.way.keepalive);
});

test("a page that ends with everything kept still has the report stored", async () => {
  const server = new Server();
  const page = await Page.opened(server);
  page.sync.leave();
  assert.deepEqual(server.bodies, []);
  page.draw(line("a"));
  await page.pass(300);
  page.sync.leave();
  await page.pass(0);
  assert.deepEqual(server.bodies.at(-1), { ids: [], way: { ...WAY, leaving: true, keepalive: true } });
});
