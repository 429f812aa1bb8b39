/** Panels over the page: windows, more tools, series on a phone, help. */
import { measured } from "../format";
import { t } from "../messages";
import { later } from "../ui/later";
import { Sheet } from "../ui/Sheet";
import { sameWindow } from "../window";
import { COMMANDS, type Command } from "./commands";
import { LayoutsPanel } from "./LayoutsPanel";
import type { NamedWindow } from "./data";
import type { Reader } from "./reader";
import { SeriesStrip } from "./SeriesStrip";
import { ToolButton } from "./Toolbar";

const ExportPanel = later<PanelProps>(async () => (await import("../export/ExportPanel")).ExportPanel);

export function Panels({ reader }: { reader: Reader }) {
  const panel = reader.panel.value;
  // A panel that has just been closed may say so when the next one is open already.
  const close = (): void => {
    if (reader.panel.value === panel) reader.panel.value = "none";
  };
  if (panel === "presets") return <Presets reader={reader} close={close} />;
  if (panel === "layouts") return <LayoutsPanel reader={reader} close={close} />;
  if (panel === "export") return <ExportPanel reader={reader} close={close} />;
  if (panel === "help") return <Help reader={reader} close={close} />;
  if (panel === "more") return <More reader={reader} close={close} />;
  if (panel === "series") {
    return (
      <Sheet title={t("study.series")} kind="bottom" onClose={close}>
        <SeriesStrip reader={reader} />
      </Sheet>
    );
  }
  return null;
}

export interface PanelProps {
  readonly reader: Reader;
  readonly close: () => void;
}

function Presets({ reader, close }: PanelProps) {
  const reading = reader.current.value;
  if (!reading) return null;
  const { own, named, colour } = reading.presets;
  const chosen = reading.window.value;
  const rows = [
    {
      name: own[0]?.explanation ? t("preset.ownNamed", { name: own[0].explanation }) : t("preset.own"),
      window: null,
      key: "0",
    },
    ...distinct(own).map(({ window, explanation }) => ({
      name: explanation ? t("preset.ownNamed", { name: explanation }) : t("preset.own"),
      window,
      key: "",
    })),
    ...named.map(({ name, window }, index) => ({ name: t(name), window, key: String(index + 1) })),
  ];
  return (
    <Sheet title={t("preset.title")} kind="side" onClose={close}>
      {colour ? (
        <p class="quiet">{t("preset.none")}</p>
      ) : (
        <ul class="menu">
          {rows.map(({ name, window, key }) => {
            const numbers = window ?? own[0]?.window;
            return (
              <li key={`${name}${key}`}>
                <button
                  type="button"
                  aria-pressed={sameWindow(window, chosen)}
                  onClick={() => {
                    reader.change("command.presets", () => reader.setWindow(window));
                    close();
                  }}
                >
                  <span>{name}</span>
                  <span class="numbers">
                    {numbers &&
                      t("study.window", { center: measured(numbers.center), width: measured(numbers.width) })}
                  </span>
                  <kbd>{key}</kbd>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </Sheet>
  );
}

/** The file's further windows, each once. */
function distinct(own: readonly NamedWindow[]): readonly NamedWindow[] {
  return own
    .filter(({ window }, index) => own.findIndex((one) => sameWindow(one.window, window)) === index)
    .slice(1);
}

function More({ reader, close }: PanelProps) {
  const commands = COMMANDS.filter((command) => command.bar && command.offered?.(reader) !== false);
  return (
    <Sheet title={t("study.more")} kind="bottom" onClose={close}>
      <div class="more-tools">
        {commands.map((command) => (
          <ToolButton key={command.id} command={command} reader={reader} onRun={close} />
        ))}
      </div>
    </Sheet>
  );
}

const GROUPS = ["place", "tool", "picture", "link", "layout"] as const;

function Help({ reader, close }: PanelProps) {
  return (
    <Sheet title={t("help.title")} kind="centre" onClose={close}>
      <label class="switch">
        <input
          type="checkbox"
          checked={reader.shortcuts.value}
          onChange={(event) => {
            reader.shortcuts.value = event.currentTarget.checked;
          }}
        />
        {t("help.shortcuts")}
      </label>
      <div class="help-groups">
        {GROUPS.map((group) => (
          <table key={group} class="help-table">
            <caption>{t(`command.group.${group}`)}</caption>
            <tbody>
              {COMMANDS.filter((command) => command.group === group).map((command) => (
                <HelpRow key={command.id} command={command} />
              ))}
            </tbody>
          </table>
        ))}
      </div>
      <p class="quiet">{t("help.notDevice")}</p>
    </Sheet>
  );
}

function HelpRow({ command }: { command: Command }) {
  const [key = ""] = command.keys;
  return (
    <tr>
      <th scope="row">{t(command.name)}</th>
      <td>
        <kbd>{keyName(key)}</kbd>
      </td>
      <td class="quiet">{command.gesture ? t(command.gesture) : ""}</td>
    </tr>
  );
}

const KEY_NAMES = {
  ArrowUp: "key.ArrowUp",
  ArrowDown: "key.ArrowDown",
  ArrowLeft: "key.ArrowLeft",
  ArrowRight: "key.ArrowRight",
  PageUp: "key.PageUp",
  PageDown: "key.PageDown",
  Home: "key.Home",
  End: "key.End",
} as const;

/** How a key is written on the keyboard. */
function keyName(key: string): string {
  return key in KEY_NAMES ? t(KEY_NAMES[key as keyof typeof KEY_NAMES]) : key.toUpperCase();
}
