import { t } from "../messages";
import { introduced, shortcuts } from "../settings";
import { COMMANDS, GROUPS, type Command } from "../study/commands";
import { keysOf } from "../study/keys";
import type { PanelProps } from "../study/panels";
import { Sheet } from "../ui/Sheet";
import { Keys } from "./Keys";

/** Every command with its keys and its gesture, and the ways to more. */
export function HelpPanel({ reader, close }: PanelProps) {
  return (
    <Sheet title={t("help.title")} kind="centre" onClose={close}>
      {!shortcuts.value && <p class="quiet">{t("help.shortcutsOff")}</p>}
      <div class="help-groups">
        {GROUPS.map((group) => (
          <table key={group} class="help-table">
            <caption>{t(`command.group.${group}`)}</caption>
            <tbody>
              {COMMANDS.filter((command) => command.group === group).map((command) => (
                <HelpRow key={command.id} command={command} />
              ))}
              {group === "picture" && (
                <tr>
                  <th scope="row">{t("help.presets")}</th>
                  <td>
                    <span class="keys">
                      <kbd>0</kbd> – <kbd>9</kbd>
                    </span>
                  </td>
                  <td />
                </tr>
              )}
            </tbody>
          </table>
        ))}
      </div>
      <div class="sheet-actions">
        <button
          type="button"
          onClick={() => {
            close();
            introduced.value = false;
            reader.introducing.value = true;
          }}
        >
          {t("help.introduce")}
        </button>
        <button
          type="button"
          onClick={() => {
            reader.panel.value = "settings";
          }}
        >
          {t("help.changeKeys")}
        </button>
      </div>
      <p class="quiet">{t("help.notDevice")}</p>
    </Sheet>
  );
}

function HelpRow({ command }: { command: Command }) {
  return (
    <tr>
      <th scope="row">{t(command.name)}</th>
      <td>
        <Keys keys={keysOf(command)} />
      </td>
      <td class="quiet">{command.gesture ? t(command.gesture) : ""}</td>
    </tr>
  );
}
