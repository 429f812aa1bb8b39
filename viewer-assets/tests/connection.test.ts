import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { request } from "../src/api";
import { connection, revive, watchConnection } from "../src/connection";

type Answer = (response: Response) => void;

const own = globalThis.fetch;
globalThis.addEventListener ??= () => {};
globalThis.document ??= {
  addEventListener: () => {},
  baseURI: "http://pacs.test/",
  documentElement: { dataset: {} },
} as unknown as Document;

const waiting: Answer[] = [];

/** Ask for something whose answer comes when the test gives it. */
function asked(): { refuse: () => Promise<unknown> } {
  globalThis.fetch = () => new Promise<Response>((resolve) => waiting.push(resolve));
  const outcome = request("sightline/view/1", {}, false).catch(() => null);
  const answer = waiting.pop();
  return {
    refuse: () => {
      answer?.(new Response("{}", { status: 401 }));
      return outcome;
    },
  };
}

afterEach(() => {
  globalThis.fetch = own;
  revive();
});

test("a refusal ends the session", async () => {
  watchConnection();
  await asked().refuse();
  assert.equal(connection.value, "ended");
});

test("what is refused late was asked for in the session before", async () => {
  watchConnection();
  const early = asked();
  await asked().refuse();
  assert.equal(connection.value, "ended");
  await new Promise((resolve) => setTimeout(resolve, 5));
  revive();
  await early.refuse();
  assert.equal(connection.value, "fine");
  await asked().refuse();
  assert.equal(connection.value, "ended");
});
