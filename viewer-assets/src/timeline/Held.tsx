import { plural, t, type MessageKey } from "../messages";
import { Icon } from "../ui/Icon";

const KNOWN = new Set(["birth-date", "family-name", "issuer", "missing"]);

/** Studies that are under the patient's number and do not open: how many, and why. Nothing else of them is known here. */
export function Held({ reasons }: { reasons: readonly string[] }) {
  if (reasons.length === 0) return null;
  return (
    <section class="held" aria-labelledby="held-title">
      <h2 id="held-title">
        <Icon name="icon:eye-off" />
        {plural("timeline.held", reasons.length)}
      </h2>
      <p>{t("timeline.held.text")}</p>
      <ol>
        {reasons.map((reason, index) => (
          <li key={index}>{t(keyOf(reason))}</li>
        ))}
      </ol>
      <p class="quiet">{t("timeline.held.todo")}</p>
    </section>
  );
}

function keyOf(reason: string): MessageKey {
  return `timeline.held.${KNOWN.has(reason) ? reason : "unknown"}` as MessageKey;
}
