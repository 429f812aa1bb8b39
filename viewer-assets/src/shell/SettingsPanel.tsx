import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { t } from "../messages";
import {
  CACHE_SIZES,
  cacheBytes,
  defaultLayout,
  measureOnce,
  prefetch,
  PREFETCH,
  resetSettings,
  scrollReversed,
  shortcuts,
  textSize,
  theme,
  toolSide,
  zoomReversed,
} from "../settings";
import { LAYOUTS, layoutTitle } from "../study/layouts";
import type { PanelProps } from "../study/panels";
import { SIDES, TEXT_SIZES, THEMES } from "../theme";
import { Sheet } from "../ui/Sheet";
import { KeySettings } from "./KeySettings";

const MEBIBYTE = 1 << 20;

/** What people set for themselves on this device. */
export function SettingsPanel({ close }: PanelProps) {
  return (
    <Sheet title={t("settings.title")} kind="centre" onClose={close}>
      <p class="quiet">{t("settings.where")}</p>
      <div class="settings">
        <Group title={t("settings.look")}>
          <Choose
            value={theme}
            label={t("settings.theme")}
            options={named(THEMES, (value) => t(`settings.theme.${value}`))}
          />
          <Choose
            value={textSize}
            label={t("settings.text")}
            options={named(TEXT_SIZES, (value) => t(`settings.text.${value}`))}
          />
          <Choose
            value={toolSide}
            label={t("settings.side")}
            options={named(SIDES, (value) => t(`settings.side.${value}`))}
          />
          <Choose
            value={defaultLayout}
            label={t("settings.layout")}
            options={[
              ["auto", t("settings.layout.auto")],
              ...LAYOUTS.map((layout) => [layout.name, layoutTitle(layout)] as const),
            ]}
          />
        </Group>
        <Group title={t("settings.pointing")}>
          <Switch value={scrollReversed} label={t("settings.scrollReversed")} />
          <Switch value={zoomReversed} label={t("settings.zoomReversed")} />
          <Switch value={measureOnce} label={t("settings.measureOnce")} />
        </Group>
        <Group title={t("settings.speed")}>
          <Choose
            value={prefetch}
            label={t("settings.prefetch")}
            options={named(PREFETCH, (value) => t(`settings.prefetch.${value}`))}
          />
          <Choose
            value={cacheBytes}
            label={t("settings.cache")}
            options={CACHE_SIZES.map(
              (bytes) => [bytes, t("settings.cacheSize", { size: bytes / MEBIBYTE })] as const,
            )}
          />
          <p class="quiet">{t("settings.cacheAbout")}</p>
        </Group>
        <Group title={t("settings.keys")}>
          <Switch value={shortcuts} label={t("settings.shortcuts")} />
          <KeySettings />
        </Group>
      </div>
      <div class="sheet-actions">
        <button type="button" onClick={resetSettings}>
          {t("settings.reset")}
        </button>
      </div>
    </Sheet>
  );
}

/** Each value with its name. */
function named<Value>(
  values: readonly Value[],
  name: (value: Value) => string,
): readonly (readonly [Value, string])[] {
  return values.map((value) => [value, name(value)] as const);
}

function Group({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <fieldset class="settings-group">
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

interface ChooseProps<Value extends string | number> {
  readonly value: Signal<Value>;
  readonly label: string;
  readonly options: readonly (readonly [Value, string])[];
}

function Choose<Value extends string | number>({ value, label, options }: ChooseProps<Value>) {
  return (
    <label class="setting">
      <span>{label}</span>
      <select
        value={String(value.value)}
        onChange={(event) => {
          const chosen = options.find(([option]) => String(option) === event.currentTarget.value);
          if (chosen) value.value = chosen[0];
        }}
      >
        {options.map(([option, name]) => (
          <option key={option} value={String(option)}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Switch({ value, label }: { value: Signal<boolean>; label: string }) {
  return (
    <label class="switch">
      <input
        type="checkbox"
        checked={value.value}
        onChange={(event) => {
          value.value = event.currentTarget.checked;
        }}
      />
      {label}
    </label>
  );
}
