/** Commands of presentations. The panel's code comes when it is opened. */
import type { Command } from "../study/commands";

export const PRESENTATION_COMMANDS: readonly Command[] = [
  {
    id: "presentations",
    name: "command.presentations",
    group: "picture",
    keys: ["%"],
    icon: "icon:presentation",
    bar: "menu",
    run: (reader) => {
      reader.panel.value = reader.panel.value === "presentations" ? "none" : "presentations";
    },
    pressed: (reader) => reader.panel.value === "presentations",
  },
];
