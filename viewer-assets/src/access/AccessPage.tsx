import { useEffect, useRef } from "preact/hooks";
import { PageHead } from "../ehr/PageHead";
import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { Sheet } from "../ui/Sheet";
import type { Ending } from "./data";
import { LaunchList } from "./LaunchList";
import { LinkList } from "./LinkList";
import { nameOf, type AccessModel } from "./model";

/** The page: people whom an EHR has sent, links, and how either is ended. */
export function AccessPage({ model }: { model: AccessModel }) {
  const ending = model.ending.value;
  return (
    <>
      <PageHead current="access" user={model.data.user} />
      <main class="site-list access" aria-busy={model.isLoading.value}>
        <h1>{t("access.title")}</h1>
        <p class="quiet access-about">{t("access.about")}</p>
        <div class="site-filter">
          <button
            type="button"
            class="chip"
            aria-pressed={model.isOpenOnly.value}
            onClick={() => model.showOpenOnly(!model.isOpenOnly.peek())}
          >
            {t("access.openOnly")}
          </button>
          <button type="button" class="chip access-look" onClick={() => model.look()}>
            <Icon name="icon:refresh-cw" />
            {t(model.isLoading.value ? "access.looking" : "access.look")}
          </button>
        </div>
        {model.problem.value && (
          <p class="orders-problem" role="alert">
            <Icon name="icon:wifi-off" />
            {model.problem.value}
          </p>
        )}
        <Notice model={model} />
        <LaunchList model={model} />
        <LinkList model={model} />
      </main>
      {ending && <Confirmation model={model} ending={ending} />}
    </>
  );
}

/** What was done. The button that did it is gone by then, so the focus comes here. */
function Notice({ model }: { model: AccessModel }) {
  const element = useRef<HTMLParagraphElement>(null);
  const { value } = model.notice;
  useEffect(() => {
    if (value && document.activeElement === document.body) element.current?.focus();
  }, [value]);
  return (
    <p ref={element} class="access-notice" role="status" tabIndex={-1}>
      {value && <Icon name="icon:circle-check" />}
      {value}
    </p>
  );
}

function Confirmation({ model, ending }: { model: AccessModel; ending: Ending }) {
  const close = (): void => void (model.ending.value = null);
  const { kind, what } = ending;
  return (
    <Sheet title={t(`access.sure.${kind}`)} kind="centre" onClose={close}>
      <p>
        <strong>{nameOf(ending)}</strong>
        {what.patientId && ` · ${t("access.patient", { id: what.patientId })}`}
      </p>
      <p>{t(what.lastUsed === null ? "access.sure.unread" : "access.sure.read")}</p>
      <p>{t(`access.sure.again.${kind}`)}</p>
      <div class="dialog-buttons">
        <button type="button" onClick={close}>
          {t("action.cancel")}
        </button>
        <button type="button" class="danger" onClick={() => model.end(ending)}>
          {t(`access.end.${kind}`)}
        </button>
      </div>
    </Sheet>
  );
}
