import { fullDate } from "../format";
import type { KnownLink } from "../list/links";
import { plural, t } from "../messages";
import { urlOf } from "../page";
import { isOpen } from "./data";
import type { AccessModel } from "./model";
import { EndButton, Since, State, Table, Until } from "./parts";

const VERBS = ["view", "download", "annotate", "report"] as const;

/** Links to one study each. */
export function LinkList({ model }: { model: AccessModel }) {
  const { rows, more } = model.links.value;
  return (
    <section aria-labelledby="access-links">
      <h2 id="access-links">{t("access.links")}</h2>
      {rows.length === 0 ? (
        <div class="access-empty">
          <p>
            <strong>{t(model.isOpenOnly.value ? "access.noLink.open" : "access.noLink.all")}</strong>
          </p>
          <p class="quiet">{t("access.noLink.text")}</p>
        </div>
      ) : (
        <Table name={t("access.links")}>
          {rows.map((link) => (
            <LinkRow key={link.id} model={model} link={link} />
          ))}
        </Table>
      )}
      {more && (
        <button type="button" class="site-more" onClick={() => model.moreLinks()}>
          {t("access.more")}
        </button>
      )}
    </section>
  );
}

function LinkRow({ model, link }: { model: AccessModel; link: KnownLink }) {
  const verbs = VERBS.filter((verb) => link.verbs.includes(verb)).map((verb) => t(`list.share.verb.${verb}`));
  return (
    <tr>
      <td>
        <strong>{link.userName || t("list.share.anybody")}</strong>
        <span class="quiet line">
          {[t("list.share.by", { user: link.createdBy }), link.purpose].filter(Boolean).join(" · ")}
        </span>
      </td>
      <td>
        <Study link={link} />
        <span class="quiet line">{verbs.join(", ")}</span>
      </td>
      <Since began={link.created} lastUsed={link.lastUsed} />
      <Until expires={link.expires}>
        {link.usesLeft !== null && link.usesLeft > 0 && plural("list.share.usesLeft", link.usesLeft)}
      </Until>
      <State isOpen={isOpen(link)} word={stateOf(link)} />
      <EndButton model={model} ending={{ kind: "link", what: link }} />
    </tr>
  );
}

function stateOf(link: KnownLink): string {
  if (link.state === "open") return t("access.state.open");
  return t(isOpen(link) ? "access.state.usedAndRead" : `list.share.state.${link.state}`);
}

function Study({ link }: { link: KnownLink }) {
  if (link.studyDate === undefined) return <>{t("access.noStudy")}</>;
  const study = [link.studyDescription || t("access.study"), fullDate(link.studyDate)].filter(Boolean);
  return (
    <>
      {link.patientId ? t("access.patient", { id: link.patientId }) : t("access.noPatient")}
      <span class="line">
        <a href={urlOf(`sightline/studies/${link.studyInstanceUID}`)}>{study.join(", ")}</a>
      </span>
    </>
  );
}
