import { t } from "../messages";
import { Icon, type IconName } from "../ui/Icon";
import type { CheckState } from "./data";

const ICONS: Readonly<Record<CheckState, IconName>> = {
  ok: "icon:circle-check",
  warning: "icon:triangle-alert",
  failed: "icon:circle-x",
  skipped: "icon:circle",
};

interface OutcomeProps {
  readonly state: CheckState;
  readonly title: string;
  readonly seen: string;
  readonly advice: string;
}

/** How a check or a test went: a sign and a word, what was seen, and what to do. */
export function Outcome({ state, title, seen, advice }: OutcomeProps) {
  return (
    <li class={`checked checked-${state}`}>
      <Icon name={ICONS[state]} />
      <div>
        <p>
          <strong>{title}</strong> <span class="checked-word">{t(`setup.state.${state}`)}</span>
        </p>
        <p class="quiet">{seen}</p>
        {advice && <p>{advice}</p>}
      </div>
    </li>
  );
}
