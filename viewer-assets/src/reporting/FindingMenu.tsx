import { useSignal } from "@preact/signals";
import { t } from "../messages";
import type { Reader } from "../study/reader";
import { Icon } from "../ui/Icon";
import { Sheet } from "../ui/Sheet";
import { findingTexts, type FindingText } from "./findingTexts";

interface Props {
  readonly reader: Reader;
  readonly onInsert: (text: string) => void;
}

/** Measured findings, to be put into the text one by one or all at once. */
export function FindingMenu({ reader, onInsert }: Props) {
  const listed = useSignal<readonly FindingText[] | null>(null);
  const list = async (): Promise<void> => {
    listed.value = await findingTexts(reader);
  };
  const insert = (texts: readonly FindingText[]): void => {
    listed.value = null;
    // After the sheet has given the focus back.
    setTimeout(() => onInsert(texts.map(({ text }) => text).join("\n")), 50);
  };
  return (
    <>
      <button type="button" onClick={() => void list()}>
        <Icon name="icon:clipboard-list" />
        {t("reporting.insert")}
      </button>
      {listed.value && (
        <Sheet
          title={t("reporting.insert")}
          kind="side"
          onClose={() => {
            listed.value = null;
          }}
        >
          {listed.value.length === 0 && <p class="quiet">{t("reporting.insert.none")}</p>}
          {listed.value.length > 1 && (
            <button type="button" onClick={() => insert(listed.peek() ?? [])}>
              {t("reporting.insert.all")}
            </button>
          )}
          <ul class="menu">
            {listed.value.map((one) => (
              <li key={one.finding.id}>
                <button type="button" onClick={() => insert([one])}>
                  <span>{one.text}</span>
                </button>
              </li>
            ))}
          </ul>
        </Sheet>
      )}
    </>
  );
}
