import assert from "node:assert/strict";
import test from "node:test";
import { parseWindow, viewPath, windowText, type View } from "../src/address";
import { addressOf, type Seen } from "../src/mpr/seen";
import cases from "./addresses.json";

interface Case {
  readonly view: View;
  readonly seen?: Seen;
  readonly detail?: "fitting" | "interactive" | null;
  readonly path: string;
}

for (const { view, seen, detail, path } of cases as readonly Case[]) {
  const whole = seen ? { ...view, source: addressOf(seen, detail ?? null) } : view;
  test(`the address of a view is ${path}`, () => assert.equal(viewPath(whole), path));
}

test("a window is read back as it was written", () => {
  for (const window of [
    { center: 40, width: 400, voiFunction: "LINEAR" as const },
    { center: -0.25, width: 0.0001, voiFunction: "SIGMOID" as const },
  ]) {
    assert.deepEqual(parseWindow(windowText(window)), window);
  }
});

test("what is no window is none", () => {
  for (const text of [null, "", "40", "40,", "40,0", "a,b", "40,400,CUBIC"])
    assert.equal(parseWindow(text), null);
});
