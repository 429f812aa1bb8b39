import { useEffect, useState } from "preact/hooks";
import { getJson, postJson, request } from "../api";
import { plural, t, type MessageKey } from "../messages";
import { copyText } from "../ui/clipboard";
import type { DialogProps } from "./dialog";
import { expiryChoices, type KnownLink } from "./links";

const VERBS = ["download", "annotate", "report"] as const;
const USES = [0, 1, 5] as const;
const API = "sightline/openemr/links";

interface MadeLink {
  readonly id: string;
  readonly url: string;
}

/** Make a link to a study, copy it, and take earlier ones back. */
export function Share({ model, study }: DialogProps) {
  const [made, setMade] = useState<MadeLink | null>(null);
  const [links, setLinks] = useState<readonly KnownLink[]>([]);
  const [problem, setProblem] = useState("");
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setProblem("");
    try {
      await work();
      setLinks((await getJson<{ links: readonly KnownLink[] }>(`${API}?study=${study.uid}`)).links);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  useEffect(() => void attempt(async () => undefined), [study.uid]);
  return (
    <>
      {made ? (
        <Made link={made} />
      ) : (
        <LinkForm
          hours={model.data.site.linkHours}
          onMake={(wanted) =>
            void attempt(async () =>
              setMade(await postJson<MadeLink>(API, { studyInstanceUID: study.uid, ...wanted })),
            )
          }
        />
      )}
      {problem && <p role="alert">{problem}</p>}
      {links.length > 0 && (
        <section aria-label={t("list.share.known")}>
          <h3>{t("list.share.known")}</h3>
          <ul class="link-list">
            {links.map((link) => (
              <li key={link.id}>
                <LinkLine link={link} />
                {link.state === "open" && (
                  <button
                    type="button"
                    onClick={() =>
                      void attempt(async () => {
                        await request(`${API}/${link.id}`, { method: "DELETE" });
                        if (made?.id === link.id) setMade(null);
                      })
                    }
                  >
                    {t("list.share.revoke")}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

interface LinkFormProps {
  readonly hours: { readonly default: number; readonly maximum: number };
  readonly onMake: (wanted: Readonly<Record<string, unknown>>) => void;
}

/** For whom, what it allows, how long and how often. */
function LinkForm({ hours, onMake }: LinkFormProps) {
  const make = (event: SubmitEvent): void => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    const uses = Number(fields.get("uses"));
    onMake({
      verbs: ["view", ...VERBS.filter((verb) => fields.has(verb))],
      expiresInHours: Number(fields.get("hours")),
      userName: String(fields.get("userName")).trim(),
      ...(uses > 0 && { uses }),
    });
  };
  return (
    <form class="share-form" onSubmit={make}>
      <label>
        {t("list.share.for")}
        <input class="field" name="userName" maxLength={200} autocomplete="off" />
      </label>
      <label>
        {t("list.share.hours")}
        <select class="field" name="hours">
          {expiryChoices(hours).map((value) => (
            <option key={value} value={value} selected={value === hours.default}>
              {value % 24 === 0
                ? plural("list.share.days", value / 24)
                : plural("list.share.hoursCount", value)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("list.share.uses")}
        <select class="field" name="uses">
          {USES.map((value) => (
            <option key={value} value={value}>
              {value === 0 ? t("list.share.unlimited") : plural("list.share.usesCount", value)}
            </option>
          ))}
        </select>
      </label>
      <fieldset>
        <legend>{t("list.share.verbs")}</legend>
        {VERBS.map((verb) => (
          <label key={verb} class="check">
            <input type="checkbox" name={verb} />
            {t(`list.share.verb.${verb}`)}
          </label>
        ))}
      </fieldset>
      <p class="quiet">{t("list.share.hint")}</p>
      <div class="dialog-buttons">
        <button type="submit" class="primary">
          {t("list.share.make")}
        </button>
      </div>
    </form>
  );
}

/** The new link: shown once, since nobody keeps its secret. */
function Made({ link }: { link: MadeLink }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    setCopied(await copyText(link.url));
  };
  return (
    <div class="made-link">
      <label>
        {t("list.share.made")}
        <input
          class="field"
          readOnly
          value={link.url}
          ref={(field) => field?.select()}
          onFocus={(event) => event.currentTarget.select()}
        />
      </label>
      <button type="button" class="primary" onClick={() => void copy()}>
        {isCopied ? t("list.share.copied") : t("list.share.copy")}
      </button>
      <p class="quiet" role="status">
        {isCopied ? t("list.share.copiedHint") : t("list.share.once")}
      </p>
    </div>
  );
}

function LinkLine({ link }: { link: KnownLink }) {
  const until = new Date(link.expires).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const verbs = link.verbs.map((verb) => t(`list.share.verb.${verb}` as MessageKey)).join(", ");
  return (
    <span>
      <strong>{link.userName || t("list.share.anybody")}</strong>
      <span class="quiet">
        {[
          link.state === "open" ? t("list.share.until", { until }) : t(`list.share.state.${link.state}`),
          verbs,
          link.usesLeft === null ? "" : plural("list.share.usesLeft", link.usesLeft),
          t("list.share.by", { user: link.createdBy }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </span>
    </span>
  );
}
