/** What the command palette offers: every command, series, layout and window. */
import { windowsFor } from "../study/presetStore";
import { kindName } from "../study/documents";
import { measured } from "../format";
import { t } from "../messages";
import { COMMANDS, runCommand } from "../study/commands";
import { documentTitle } from "../study/DocumentTiles";
import { keyName, keysOf } from "../study/keys";
import { layoutTitle, LAYOUTS } from "../study/layouts";
import type { Reader } from "../study/reader";
import { tileName } from "../study/Panes";
import type { IconName } from "../ui/Icon";
import { score } from "./fuzzy";

export interface Choice {
  readonly id: string;
  readonly name: string;
  /** Further words that find it. */
  readonly about: string;
  readonly keys: readonly string[];
  readonly icon: IconName | null;
  /** Why it cannot be chosen now; null where it can. */
  readonly refusal: string | null;
  readonly run: () => void;
}

/** All of them, commands first. */
export function allChoices(reader: Reader): readonly Choice[] {
  return [
    ...commands(reader),
    ...series(reader),
    ...documents(reader),
    ...layouts(reader),
    ...windows(reader),
  ];
}

/** Those that answer the query, the best first; without one, all in their order. */
export function matching(choices: readonly Choice[], query: string): readonly Choice[] {
  return choices
    .map((choice) => ({
      choice,
      points: Math.max(score(query, choice.name), score(query, choice.about) * 0.8),
    }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .map(({ choice }) => choice);
}

function commands(reader: Reader): readonly Choice[] {
  return COMMANDS.filter(({ id }) => id !== "palette").map((command) => ({
    id: command.id,
    name: t(command.name),
    about: t(`command.group.${command.group}`),
    keys: keysOf(command).map(keyName),
    icon: command.icon ?? null,
    refusal: command.offered?.(reader) === false ? t(command.needs ?? "command.needs.else") : null,
    run: () => runCommand(reader, command),
  }));
}

function series(reader: Reader): readonly Choice[] {
  return reader.tiles.value.map((tile) => ({
    id: `series.${tile.key}`,
    name: t("palette.series", { name: tileName(tile) }),
    about: [tile.series.modality, tile.series.bodyPart].join(" "),
    keys: [],
    icon: "icon:images",
    refusal: tile.stack ? null : (tile.series.error ?? t("palette.loading")),
    run: () => reader.change("command.open", () => reader.open(tile.key)),
  }));
}

function documents(reader: Reader): readonly Choice[] {
  return reader.documents.value.map((tile) => ({
    id: `document.${tile.key}`,
    name: t("palette.document", { name: documentTitle(tile) }),
    about: kindName(tile.document),
    keys: [],
    icon: "icon:file-text",
    refusal: null,
    run: () => reader.change("command.open", () => reader.open(tile.key)),
  }));
}

function layouts(reader: Reader): readonly Choice[] {
  return LAYOUTS.map((layout) => ({
    id: `layout.${layout.name}`,
    name: t("palette.layout", { name: layoutTitle(layout) }),
    about: layout.name,
    keys: [],
    icon: "icon:layout-grid",
    refusal: null,
    run: () => reader.change("command.layouts", () => reader.setLayout(layout.name)),
  }));
}

function windows(reader: Reader): readonly Choice[] {
  const presets = reader.current.value?.presets;
  if (!presets || presets.colour) return [];
  const own = { name: t("preset.own"), window: null, key: "0" };
  const named = windowsFor(presets.subject).map(({ preset, window }, index) => ({
    name: preset.name,
    window,
    key: index < 9 ? String(index + 1) : "",
  }));
  return [own, ...named].map(({ name, window, key }) => ({
    id: `window.${name}`,
    name: t("palette.window", { name }),
    about: window
      ? t("study.window", { center: measured(window.center), width: measured(window.width) })
      : "",
    keys: key ? [key] : [],
    icon: "icon:sliders-horizontal",
    refusal: null,
    run: () => reader.change("command.presets", () => reader.setWindow(window)),
  }));
}
