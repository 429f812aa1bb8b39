import { t } from "../messages";
import { CopyBlock } from "./CopyBlock";
import { Field } from "./Field";
import type { StepProps } from "./model";

/** What to enter in OpenEMR, and how Sightline is registered there. */
export function OpenEmrStep({ model }: StepProps) {
  const plan = model.plan.value;
  if (!plan) return <Before model={model} />;
  return (
    <div class="setup-form">
      <table class="setup-table">
        <caption>{t("setup.entries")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("setup.place")}</th>
            <th scope="col">{t("setup.label")}</th>
            <th scope="col">{t("setup.value")}</th>
          </tr>
        </thead>
        <tbody>
          {plan.entries.map(({ place, label, value }) => (
            <tr key={`${place} ${label}`}>
              <td class="quiet">{place}</td>
              <th scope="row">{label}</th>
              <td>{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Field label="setup.contact" hint="setup.contactHint" type="email" value={model.contact} />
      <CopyBlock title={t("setup.curl")} text={plan.curl} />
      {plan.backend !== null && (
        <>
          <p>{t("setup.backendWhy")}</p>
          <CopyBlock title={t("setup.backend")} text={plan.backend} />
        </>
      )}
      <details>
        <summary>{t("setup.registrationMore")}</summary>
        <CopyBlock title={t("setup.registration")} text={plan.registration} />
      </details>
      <p>{t("setup.afterRegistration")}</p>
    </div>
  );
}

/** What to paste into Orthanc's configuration. */
export function OrthancStep({ model }: StepProps) {
  const plan = model.plan.value;
  if (!plan) return <Before model={model} />;
  return (
    <div class="setup-form">
      <div class="setup-pair">
        <Field label="setup.client" hint="setup.clientHint" value={model.client} />
        {plan.backend !== null && (
          <Field label="setup.backendClient" hint="setup.backendClientHint" value={model.backend} />
        )}
        <Field label="setup.name" hint="setup.nameHint" value={model.name} />
      </div>
      <CopyBlock title={t("setup.configuration")} text={plan.configuration} />
      <p>{t("setup.afterConfiguration")}</p>
    </div>
  );
}

/** Says which step is missing. */
function Before({ model }: StepProps) {
  return (
    <p class="setup-before">
      {t(model.checked.value === null ? "setup.before.address" : "setup.before.numbers")}
    </p>
  );
}
