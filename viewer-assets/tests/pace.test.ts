import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Pace } from "../src/study/pace";

function drawn(): { pace: Pace; draw: (name: string) => void; seen: string[] } {
  mock.timers.enable({ apis: ["setTimeout"] });
  const pace = new Pace();
  const seen: string[] = [];
  const draw = (name: string) => pace.draw((isQuick) => seen.push(`${name} ${isQuick ? "quick" : "fine"}`));
  return { pace, draw, seen };
}

test("what is drawn once is drawn finely, once", () => {
  const { draw, seen } = drawn();
  draw("a");
  mock.timers.tick(1000);
  draw("b");
  mock.timers.tick(1000);
  assert.deepEqual(seen, ["a fine", "b fine"]);
  mock.timers.reset();
});

test("what moves is drawn quickly, and the last of it finely when it rests", () => {
  const { draw, seen } = drawn();
  for (const name of ["a", "b", "c"]) {
    draw(name);
    mock.timers.tick(50);
  }
  assert.deepEqual(seen, ["a fine", "b quick", "c quick"]);
  mock.timers.tick(1000);
  assert.deepEqual(seen, ["a fine", "b quick", "c quick", "c fine"]);
  mock.timers.reset();
});

test("nothing is drawn after the end", () => {
  const { pace, draw, seen } = drawn();
  draw("a");
  draw("b");
  pace.stop();
  mock.timers.tick(1000);
  assert.deepEqual(seen, ["a fine", "b quick"]);
  mock.timers.reset();
});
