/** Commands of key images. The panel's code comes when it is opened. */
import { t } from "../messages";
import type { Command } from "../study/commands";
import type { Reader } from "../study/reader";
import { DEFAULT_TITLE, keyOf } from "./model";
import { shownPlace } from "./placeOf";

/** Mark the frame that is shown, or take its mark away. */
export function toggleStar(reader: Reader): void {
  const place = shownPlace(reader.active.peek());
  if (!place) return;
  const { keyImages } = reader;
  const isMarked = keyImages.all.peek().has(keyOf(place));
  if (isMarked) keyImages.remove(place);
  else keyImages.put({ ...place, title: DEFAULT_TITLE });
  reader.said.value = t(isMarked ? "starred.removed" : "starred.marked");
}

export const KEY_IMAGE_COMMANDS: readonly Command[] = [
  {
    id: "star",
    name: "command.star",
    group: "picture",
    keys: ["*"],
    icon: "icon:star",
    bar: "roomy",
    run: toggleStar,
    pressed: ({ active, keyImages }) => {
      const place = shownPlace(active.value);
      return place !== null && keyImages.all.value.has(keyOf(place));
    },
    offered: ({ active }) => shownPlace(active.value) !== null,
    needs: "command.needs.frame",
  },
  {
    id: "keyImages",
    name: "command.keyImages",
    group: "picture",
    keys: ["Shift+k"],
    icon: "icon:book-image",
    bar: "menu",
    run: (reader) => {
      reader.panel.value = reader.panel.value === "keyImages" ? "none" : "keyImages";
    },
    pressed: (reader) => reader.panel.value === "keyImages",
  },
  {
    id: "onlyKeyImages",
    name: "command.onlyKeyImages",
    group: "place",
    keys: ["Shift+i"],
    icon: "icon:list-filter",
    bar: "menu",
    run: ({ current: { value: reading } }) => {
      if (reading) reading.only.value = reading.only.value === null ? "own" : null;
    },
    pressed: ({ current }) => (current.value?.only.value ?? null) !== null,
    offered: ({ current, keyImages }) =>
      (current.value?.only.value ?? null) !== null || keyImages.all.value.size > 0,
    needs: "command.needs.keyImages",
  },
];
