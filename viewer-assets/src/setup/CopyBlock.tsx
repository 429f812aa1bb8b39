import { useState } from "preact/hooks";
import { t } from "../messages";
import { copyText } from "../ui/clipboard";
import { Icon } from "../ui/Icon";

/** A text to be taken elsewhere, as it is. */
export function CopyBlock({ title, text }: { readonly title: string; readonly text: string }) {
  const [copied, setCopied] = useState("");
  const copy = async (): Promise<void> => setCopied((await copyText(text)) ? text : "");
  const isCopied = copied === text;
  return (
    <figure class="copy-block">
      <figcaption>
        <span>{title}</span>
        <button type="button" onClick={() => void copy()}>
          <Icon name={isCopied ? "icon:circle-check" : "icon:copy"} />
          {t(isCopied ? "setup.copied" : "setup.copy")}
          <span class="sr-only">: {title}</span>
        </button>
      </figcaption>
      {/* It scrolls sideways, so that keys have to reach it. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <pre tabIndex={0} role="group" aria-label={title}>
        <code>{text}</code>
      </pre>
      <p class="sr-only" role="status">
        {isCopied ? t("setup.copied") : ""}
      </p>
    </figure>
  );
}
