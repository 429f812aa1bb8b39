import assert from "node:assert/strict";
import test from "node:test";
import { ownKeys } from "../src/settings";
import { COMMANDS } from "../src/study/commands";
import {
  ariaKeys,
  chordOf,
  findByKey,
  isReserved,
  isSingleCharacter,
  keyName,
  keysOf,
  withKey,
  type KeyPress,
} from "../src/study/keys";

const PRESS: KeyPress = {
  key: "",
  code: "",
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
};
const chord = (press: Partial<KeyPress>): string | null => chordOf({ ...PRESS, ...press });

test("characters are those that the layout makes, whatever keys it takes", () => {
  const altGraph = { ctrlKey: true, altKey: true, getModifierState: () => true };
  assert.equal(chord({ key: "]", code: "BracketRight" }), "]");
  assert.equal(chord({ key: "]", code: "Digit9", ...altGraph }), "]"); // German on Windows
  assert.equal(chord({ key: "[", code: "Digit5", altKey: true }), "["); // German on a Mac
  assert.equal(chord({ key: ">", code: "IntlBackslash", shiftKey: true }), ">");
  assert.equal(chord({ key: "1", code: "Digit1", shiftKey: true }), "1"); // French
  assert.equal(chord({ key: "ц", code: "KeyW" }), "w"); // Russian
  assert.equal(chord({ key: "W", code: "KeyZ", shiftKey: true }), "Shift+w"); // French
});

test("modifiers are written in one order, Command as Control", () => {
  assert.equal(chord({ key: "Z", ctrlKey: true, shiftKey: true }), "Ctrl+Shift+z");
  assert.equal(chord({ key: "k", metaKey: true }), "Ctrl+k");
  assert.equal(chord({ key: "ArrowRight", shiftKey: true }), "Shift+ArrowRight");
  assert.equal(chord({ key: "W" }), "w"); // Caps Lock
  assert.equal(chord({ key: " " }), "Space");
});

test("what is no key of ours, or not one yet, is none", () => {
  for (const key of ["Shift", "Control", "Dead", "AltGraph"]) assert.equal(chord({ key }), null);
  assert.equal(chord({ key: "f", altKey: true }), null); // the browser's menu
  assert.equal(chord({ key: "ArrowLeft", altKey: true }), null); // back
});

test("every command has a key of its own that nothing else takes", () => {
  const taken = new Map<string, string>();
  for (const command of COMMANDS) {
    assert.ok(command.keys.length > 0, command.id);
    for (const key of command.keys) {
      assert.equal(taken.get(key), undefined, `${key} of ${command.id}`);
      assert.ok(!isReserved(key), key);
      taken.set(key, command.id);
    }
  }
});

test("brackets and angles, which some layouts hide, have another key beside them", () => {
  for (const { id, keys } of COMMANDS) {
    if (/^[[\]<>]$/.test(keys[0] ?? "")) assert.ok(keys.length > 1, id);
  }
});

test("a letter with Shift is the letter, unless it has an owner of its own", () => {
  const list = [
    { id: "plain", keys: ["w"] },
    { id: "shifted", keys: ["Shift+d"] },
    { id: "other", keys: ["d"] },
  ];
  assert.equal(findByKey(list, "Shift+w")?.id, "plain");
  assert.equal(findByKey(list, "Shift+d")?.id, "shifted");
  assert.equal(findByKey(list, "Shift+ArrowUp"), null);
});

test("a key that is given away is lost to its owner, and comes back with the reset", () => {
  const list = [
    { id: "a", keys: ["x", "Ctrl+x"] },
    { id: "b", keys: ["y"] },
  ];
  ownKeys.value = withKey(list, "b", "x");
  assert.deepEqual(list.map(keysOf), [["Ctrl+x"], ["x"]]);
  assert.equal(findByKey(list, "x")?.id, "b");
  ownKeys.value = {};
  assert.deepEqual(list.map(keysOf), [["x", "Ctrl+x"], ["y"]]);
});

test("single characters are told from keys that have a place of their own", () => {
  assert.deepEqual(["w", "Shift+w", "?", "+", "Ctrl+k", "ArrowUp", "Shift+Home"].map(isSingleCharacter), [
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test("keys are named as they are printed, and as assistive technology has them", () => {
  assert.equal(keyName("Ctrl+Shift+z"), "Ctrl ⇧ Z");
  assert.equal(keyName("+"), "+");
  assert.equal(keyName("Shift+ArrowRight"), "⇧ →");
  assert.equal(ariaKeys(["+", "Ctrl+k"]), "Plus Control+k");
});
