/** Panels over the page: windows, more tools, series on a phone; others come when they are first opened. */
import type { ComponentType } from "preact";
import { measured } from "../format";
import { t } from "../messages";
import { later } from "../ui/later";
import { Sheet } from "../ui/Sheet";
import { sameWindow } from "../window";
import { COMMANDS, GROUPS } from "./commands";
import type { NamedWindow } from "./data";
import { LayoutsPanel } from "./LayoutsPanel";
import type { Panel, Reader } from "./reader";
import { SeriesStrip } from "./SeriesStrip";
import { ToolButton } from "./Toolbar";

export interface PanelProps {
  readonly reader: Reader;
  readonly close: () => void;
}

const PANELS: Readonly<Record<Exclude<Panel, "none">, ComponentType<PanelProps>>> = {
  presets: Presets,
  layouts: LayoutsPanel,
  more: More,
  series: SeriesDrawer,
  export: later(async () => (await import("../export/ExportPanel")).ExportPanel),
  help: later(async () => (await import("../shell/HelpPanel")).HelpPanel),
  palette: later(async () => (await import("../shell/Palette")).Palette),
  settings: later(async () => (await import("../shell/SettingsPanel")).SettingsPanel),
};

export function Panels({ reader }: { reader: Reader }) {
  const panel = reader.panel.value;
  if (panel === "none") return null;
  // A panel that has just been closed may say so when the next one is open already.
  const close = (): void => {
    if (reader.panel.value === panel) reader.panel.value = "none";
  };
  const Opened = PANELS[panel];
  return <Opened reader={reader} close={close} />;
}

function SeriesDrawer({ reader, close }: PanelProps) {
  return (
    <Sheet title={t("study.series")} kind="bottom" onClose={close}>
      <SeriesStrip reader={reader} />
    </Sheet>
  );
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

/** Every tool in its group. The style sheet leaves out what the bar has at this size. */
function More({ reader, close }: PanelProps) {
  const commands = COMMANDS.filter((command) => command.bar && command.offered?.(reader) !== false);
  return (
    <Sheet title={t("study.more")} kind="side" onClose={close}>
      {GROUPS.map((group) => (
        <section key={group} class="more-group" aria-label={t(`command.group.${group}`)}>
          <h3>{t(`command.group.${group}`)}</h3>
          <div class="more-tools">
            {commands
              .filter((command) => command.group === group)
              .map((command) => (
                <ToolButton key={command.id} command={command} reader={reader} onRun={close} />
              ))}
          </div>
        </section>
      ))}
    </Sheet>
  );
}
