/** The command that opens a study's report. The panel's code comes when it is used. */
import type { Command } from "../study/commands";

export const REPORTING_COMMANDS: readonly Command[] = [
  {
    id: "report",
    name: "command.report",
    group: "picture",
    keys: ["&", "Ctrl+e"],
    icon: "icon:file-text",
    bar: "roomy",
    run: (reader) => {
      reader.reportShown.value = !reader.reportShown.value;
      reader.findingsShown.value = false;
      reader.tags.value = false;
    },
    pressed: (reader) => reader.reportShown.value,
  },
];
