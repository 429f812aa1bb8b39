import { plural, t } from "../messages";
import { urlOf } from "../page";
import type { KnownLaunch } from "./data";
import type { AccessModel } from "./model";
import { EndButton, Since, State, Table, Until } from "./parts";

/** Whom EHRs have sent, and for which patient. */
export function LaunchList({ model }: { model: AccessModel }) {
  const { rows, more } = model.launches.value;
  return (
    <section aria-labelledby="access-launches">
      <h2 id="access-launches">{t("access.launches")}</h2>
      {rows.length === 0 ? (
        <NoLaunches model={model} />
      ) : (
        <Table name={t("access.launches")}>
          {rows.map((launch) => (
            <LaunchRow key={launch.id} model={model} launch={launch} />
          ))}
        </Table>
      )}
      {more && (
        <button type="button" class="site-more" onClick={() => model.moreLaunches()}>
          {t("access.more")}
        </button>
      )}
    </section>
  );
}

function LaunchRow({ model, launch }: { model: AccessModel; launch: KnownLaunch }) {
  return (
    <tr>
      <td>
        <strong>{launch.user || t("access.somebody")}</strong>
        <span class="quiet line">{t("access.from", { ehr: launch.ehr })}</span>
      </td>
      <td>
        {t("access.patient", { id: launch.patientId })}
        <span class="quiet line">{plural("access.studies", launch.studies)}</span>
      </td>
      <Since began={launch.begun} lastUsed={launch.lastUsed} />
      <Until expires={launch.expires} />
      <State isOpen={launch.state === "open"} word={t(`access.state.${launch.state}`)} />
      <EndButton model={model} ending={{ kind: "launch", what: launch }} />
    </tr>
  );
}

function NoLaunches({ model: { data, isOpenOnly } }: { model: AccessModel }) {
  return (
    <div class="access-empty">
      <p>
        <strong>{t(isOpenOnly.value ? "access.noLaunch.open" : "access.noLaunch.all")}</strong>
      </p>
      {data.hasEhr ? (
        <p class="quiet">{t("access.noLaunch.text")}</p>
      ) : (
        <>
          <p class="quiet">{t("access.noLaunch.off")}</p>
          <a class="button" href={urlOf("sightline/setup")}>
            {t("nav.setup")}
          </a>
        </>
      )}
    </div>
  );
}
