import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { COMMANDS, runCommand, type Command } from "./commands";
import { ariaKeys, keyName, keysOf } from "./keys";
import type { Reader } from "./reader";

/** The tool bar: left on wide screens, at the bottom within the thumb's reach on narrow ones. */
export function Toolbar({ reader }: { reader: Reader }) {
  const shown = COMMANDS.filter(({ bar, offered }) => bar && bar !== "menu" && offered?.(reader) !== false);
  return (
    <header class="tools">
      <div class="toolbar" role="toolbar" aria-label={t("study.tools")}>
        <div class="toolbar-tools">
          {shown.map((command) => (
            <ToolButton key={command.id} command={command} reader={reader} />
          ))}
        </div>
        <button
          type="button"
          class="tool bar-more"
          aria-haspopup="dialog"
          onClick={() => {
            reader.panel.value = "more";
          }}
        >
          <Icon name="icon:ellipsis" />
          <span class="tool-name">{t("study.more")}</span>
        </button>
      </div>
    </header>
  );
}

/** One command as a button with its name under the icon. */
export function ToolButton({
  command,
  reader,
  onRun,
}: {
  command: Command;
  reader: Reader;
  onRun?: () => void;
}) {
  const pressed = command.pressed?.(reader);
  const keys = keysOf(command);
  const name = t(command.name);
  const shown = command.shows?.();
  const icon = shown?.icon ?? command.icon;
  return (
    <button
      type="button"
      class={`tool bar-${command.bar ?? "roomy"} tool-${command.id.replace(".", "-")}`}
      aria-pressed={pressed}
      aria-keyshortcuts={ariaKeys(keys)}
      title={keys[0] === undefined ? name : `${name} (${keyName(keys[0])})`}
      onClick={() => {
        onRun?.();
        runCommand(reader, command);
      }}
    >
      {icon && <Icon name={icon} />}
      <span class="tool-name">{shown ? t(shown.name) : name}</span>
    </button>
  );
}
