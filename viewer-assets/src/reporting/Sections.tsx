import { t } from "../messages";
import type { Section } from "./model";

/** Sections to be read. */
export function Sections({ sections }: { sections: readonly Section[] }) {
  return (
    <>
      {sections.map(({ code, heading, text }, index) => (
        <section key={`${code} ${index}`} class="report-read">
          <h3>{heading}</h3>
          {text.trim() ? (
            <p dir="auto" class="report-text">
              {text}
            </p>
          ) : (
            <p class="quiet">{t("reporting.nothing")}</p>
          )}
        </section>
      ))}
    </>
  );
}
