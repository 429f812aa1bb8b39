import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../messages";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import { LogOutButton } from "../ui/LogOutButton";
import type { ListModel } from "./model";
import { SiteMenu } from "./SiteMenu";

/** The bar at the top: search, upload, other pages, log out. */
export function Head({ model }: { model: ListModel }) {
  const { user } = model.data.session;
  return (
    <header class="head">
      <a class="wordmark" href={urlOf("sightline/about")} title={t("about.link")}>
        {t("app.name")}
      </a>
      <SearchField model={model} />
      {model.may("upload") && (
        <button type="button" class="head-button" onClick={() => (model.upload.value = "open")}>
          <Icon name="icon:upload" />
          <span>{t("list.upload")}</span>
        </button>
      )}
      {model.may("administer") && <SiteMenu />}
      <LogOutButton user={user} />
    </header>
  );
}

function SearchField({ model }: { model: ListModel }) {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => typeAnywhere(field), []);
  const { text } = model.filters.value;
  return (
    <div class="search" role="search">
      <Icon name="icon:search" />
      <input
        ref={field}
        type="search"
        autocomplete="off"
        spellcheck={false}
        placeholder={t("list.search")}
        aria-label={t("list.searchLabel")}
        aria-keyshortcuts="/"
        value={text}
        onInput={(event) => model.narrow({ text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") model.narrow({ text: "" });
          if (event.key === "ArrowDown") {
            event.preventDefault();
            document.querySelector<HTMLElement>(".row-link[tabindex='0']")?.focus();
          }
        }}
      />
      {text === "" ? (
        <kbd aria-hidden="true">/</kbd>
      ) : (
        <button
          type="button"
          class="plain"
          aria-label={t("list.clear")}
          onClick={() => {
            model.narrow({ text: "" });
            field.current?.focus();
          }}
        >
          <Icon name="icon:x" />
        </button>
      )}
    </div>
  );
}

/** Typing anywhere searches; a slash only goes to the field. */
function typeAnywhere(field: { current: HTMLInputElement | null }): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " ") return;
    if (event.target instanceof Element && event.target.closest("input, textarea, select, dialog[open]"))
      return;
    if (event.key === "/") event.preventDefault();
    field.current?.focus();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
