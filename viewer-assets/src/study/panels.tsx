/** Panels over the page: windows, more tools, series on a phone; others come when they are first opened. */
import type { ComponentType } from "preact";
import { t } from "../messages";
import { later } from "../ui/later";
import { Sheet } from "../ui/Sheet";
import { COMMANDS, GROUPS } from "./commands";
import { loadFindings } from "./findingsCode";
import { LayoutsPanel } from "./LayoutsPanel";
import type { Panel, Reader } from "./reader";
import { SeriesStrip } from "./SeriesStrip";
import { ToolButton } from "./Toolbar";

export interface PanelProps {
  readonly reader: Reader;
  readonly close: () => void;
}

const PANELS: Readonly<Record<Exclude<Panel, "none">, ComponentType<PanelProps>>> = {
  presets: later(async () => (await import("../tools/all")).PresetsPanel),
  look: later(async () => (await import("../tools/all")).LookPanel),
  measures: later(async () => (await loadFindings()).MeasurePanel),
  copyFinding: later(async () => (await loadFindings()).CopyPanel),
  keyImages: later(async () => (await import("../keyImages/all")).KeyImagesPanel),
  presentations: later(async () => (await import("../keyImages/all")).PresentationsPanel),
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
