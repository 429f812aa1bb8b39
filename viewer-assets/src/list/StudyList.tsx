import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { request } from "../api";
import { plural, t } from "../messages";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import { Empty, NoMatch } from "./Empty";
import { FilterBar } from "./FilterBar";
import type { ListModel } from "./model";
import { Rows } from "./Rows";

/** The page: head with search, filters, rows. */
export function StudyList({ model }: { model: ListModel }) {
  useDrop(model);
  return (
    <>
      <Head model={model} />
      <main class="list">
        <h1 class="sr-only">{t("list.title")}</h1>
        {model.isEmpty.value ? (
          <Empty model={model} />
        ) : (
          <>
            <FilterBar model={model} />
            <Body model={model} />
          </>
        )}
      </main>
      <UploadPanel model={model} />
    </>
  );
}

function Head({ model }: { model: ListModel }) {
  const { user } = model.data.session;
  return (
    <header class="head">
      <a class="wordmark" href={urlOf("sightline/about")} title={t("about.link")}>
        {t("app.name")}
      </a>
      <SearchField model={model} />
      {model.canUpload && (
        <button type="button" class="head-button" onClick={() => (model.upload.value = "open")}>
          <Icon name="icon:upload" />
          <span>{t("list.upload")}</span>
        </button>
      )}
      <button
        type="button"
        class="head-button quiet-button"
        title={user ? `${t("action.logout")} (${user})` : t("action.logout")}
        onClick={() => void logOut()}
      >
        <Icon name="icon:log-out" />
        <span>{t("action.logout")}</span>
      </button>
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
        value={text}
        onInput={(event) => model.narrow({ text: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") model.narrow({ text: "" });
        }}
      />
      {text !== "" && (
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

/** Typing anywhere searches. */
function typeAnywhere(field: { current: HTMLInputElement | null }): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1 || event.key === " ") return;
    if (event.target instanceof Element && event.target.closest("input, textarea, select, dialog[open]"))
      return;
    field.current?.focus();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

function Body({ model }: { model: ListModel }) {
  const state = model.state.value;
  const count = model.studies.value.length;
  if (state === "failed") {
    return (
      <div class="empty" role="alert">
        <Icon name="icon:circle-alert" />
        <h2>{t("list.failed")}</h2>
        <p>{model.problem.value}</p>
        <button type="button" onClick={() => void model.search()}>
          {t("action.retry")}
        </button>
      </div>
    );
  }
  return (
    <>
      <p class={`list-count${state === "loading" ? " is-late" : ""}`} role="status">
        {state === "loading" ? t("list.loading") : countLine(model, count)}
      </p>
      {count === 0 && state === "ready" ? <NoMatch model={model} /> : <Rows model={model} />}
      <More model={model} />
    </>
  );
}

function countLine(model: ListModel, count: number): string {
  if (count === 0) return "";
  return model.more.value ? t("list.shownMore", { count }) : plural("list.shown", count);
}

/** The end of the list: comes into sight, loads more; a button for those who do not scroll. */
function More({ model }: { model: ListModel }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) void model.loadMore();
      },
      { rootMargin: "600px" },
    );
    if (end.current) observer.observe(end.current);
    return () => observer.disconnect();
  }, [model, model.studies.value.length]);
  return (
    <div ref={end} class="list-end">
      {model.more.value && (
        <button type="button" onClick={() => void model.loadMore()}>
          {model.state.value === "loadingMore" ? t("list.loadingMore") : t("list.more")}
        </button>
      )}
    </div>
  );
}

const uploadPanel = signal<ComponentType<{ model: ListModel }> | null>(null);

async function loadUploadPanel(): Promise<void> {
  uploadPanel.value = (await import("../upload/UploadPanel")).UploadPanel;
}

/** The upload code arrives when somebody first wants to upload. */
function UploadPanel({ model }: { model: ListModel }) {
  const wanted = model.upload.value !== null;
  useEffect(() => {
    if (wanted && !uploadPanel.value) void loadUploadPanel();
  }, [wanted]);
  const Panel = uploadPanel.value;
  return wanted && Panel ? <Panel model={model} /> : null;
}

/** Files dropped anywhere on the page open the upload. */
function useDrop(model: ListModel): void {
  useEffect(() => {
    if (!model.canUpload) return undefined;
    const stop = new AbortController();
    const { signal: aborted } = stop;
    const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const body = document.body.classList;
    addEventListener(
      "dragover",
      (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        body.add("is-dropping");
      },
      { signal: aborted },
    );
    addEventListener("dragleave", (event) => event.relatedTarget === null && body.remove("is-dropping"), {
      signal: aborted,
    });
    addEventListener(
      "drop",
      (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        body.remove("is-dropping");
        model.upload.value = event.dataTransfer;
      },
      { signal: aborted },
    );
    return () => stop.abort();
  }, [model]);
}

async function logOut(): Promise<void> {
  try {
    await request("sightline/logout", { method: "POST" });
  } finally {
    location.assign(urlOf("sightline/login"));
  }
}
