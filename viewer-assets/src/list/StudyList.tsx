import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { later } from "../ui/later";
import { useDrop } from "./drop";
import { Empty, NoMatch } from "./Empty";
import { FilterBar } from "./FilterBar";
import { Head } from "./Head";
import type { ListModel } from "./model";
import { Rows } from "./Rows";
import { Status } from "./Status";

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
      <Panels model={model} />
    </>
  );
}

function Body({ model }: { model: ListModel }) {
  const state = model.state.value;
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
  const isNone = model.pages.total.value === 0 && state === "ready";
  return (
    <>
      <Status model={model} />
      {isNone ? <NoMatch model={model} /> : <Rows model={model} />}
    </>
  );
}

const UploadPanel = later(async () => (await import("../upload/UploadPanel")).UploadPanel);
const Dialogs = later(async () => (await import("./Dialogs")).Dialogs);

/** What is laid over the page; its code arrives when somebody first wants it. */
function Panels({ model }: { model: ListModel }) {
  return (
    <>
      {model.upload.value !== null && <UploadPanel model={model} />}
      {model.dialog.value !== null && <Dialogs model={model} />}
    </>
  );
}
