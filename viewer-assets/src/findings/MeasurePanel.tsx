import { t } from "../messages";
import { COMMANDS } from "../study/commands";
import type { PanelProps } from "../study/panels";
import { ToolButton } from "../study/Toolbar";
import { Sheet } from "../ui/Sheet";

/** The tools that draw findings, within the thumb's reach; then what is done with those that are there. */
export function MeasurePanel({ reader, close }: PanelProps) {
  const commands = COMMANDS.filter(
    ({ group, id }) => group === "measure" && id !== "measure" && id !== "measures",
  );
  const tools = commands.filter(({ id }) => id.startsWith("tool."));
  const others = commands.filter(({ id, offered }) => !id.startsWith("tool.") && offered?.(reader) !== false);
  return (
    <Sheet title={t("draw.panel")} kind="bottom" onClose={close}>
      <div class="more-tools measure-tools">
        {tools.map((command) => (
          <ToolButton key={command.id} command={command} reader={reader} onRun={close} />
        ))}
      </div>
      {others.length > 0 && (
        <div class="more-tools measure-tools">
          {others.map((command) => (
            <ToolButton key={command.id} command={command} reader={reader} onRun={close} />
          ))}
        </div>
      )}
    </Sheet>
  );
}
