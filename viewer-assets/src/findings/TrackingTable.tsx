import { signal } from "@preact/signals";
import { fullDate, measured } from "../format";
import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { nameOf } from "./rows";
import {
  changeOf,
  diameterOf,
  objections,
  sumOf,
  type Change,
  type Diameter,
  type Pair,
  type Target,
} from "./tracking";

/** Which trackings are counted, and which of them are lymph nodes; until the page ends. */
const targets = signal<ReadonlySet<string>>(new Set());
const nodes = signal<ReadonlySet<string>>(new Set());

interface TableProps {
  readonly pairs: readonly Pair[];
  /** Of the study before, and of the one after it. */
  readonly dates: readonly [string, string];
  readonly onUnpair: (tracking: string) => void;
}

/** Sizes of tracked findings in both studies, how they changed, and the sum of those that are ticked. */
export function TrackingTable({ pairs, dates, onUnpair }: TableProps) {
  const counted = pairs
    .filter(({ tracking }) => targets.value.has(tracking))
    .map((pair): Target => ({ pair, isNode: nodes.value.has(pair.tracking) }));
  return (
    <>
      <div class="finding-table">
        <table aria-label={t("findings.track.table")}>
          <thead>
            <tr>
              <th scope="col">{t("findings.track.name")}</th>
              <th scope="col">{fullDate(dates[0]) || t("findings.track.before")}</th>
              <th scope="col">{fullDate(dates[1]) || t("findings.track.after")}</th>
              <th scope="col">{t("findings.track.change")}</th>
              <th scope="col">{t("findings.track.target")}</th>
              <th scope="col">{t("findings.track.node")}</th>
            </tr>
          </thead>
          <tbody>
            {pairs.map((pair) => (
              <PairRow key={pair.tracking} pair={pair} onUnpair={onUnpair} />
            ))}
          </tbody>
          <SumRow counted={counted} />
        </table>
      </div>
      {objections(counted).map((key) => (
        <p key={key} class="finding-warning">
          {t(key)}
        </p>
      ))}
      <p class="quiet">{t("findings.track.howTo")}</p>
      <p class="quiet">{t("findings.recist.limits")}</p>
    </>
  );
}

function PairRow({ pair, onUnpair }: { pair: Pair } & Pick<TableProps, "onUnpair">) {
  const { tracking, current, prior, problem } = pair;
  const finding = (current ?? prior)?.finding;
  const name = finding ? nameOf(finding) : "";
  const isNode = nodes.value.has(tracking);
  const change = changeOf(pair, isNode);
  return (
    <tr>
      <th scope="row">
        {name}
        {current && prior && (
          <button
            type="button"
            class="plain"
            aria-label={t("findings.track.unpair", { name })}
            title={t("findings.track.unpair", { name })}
            onClick={() => onUnpair(tracking)}
          >
            <Icon name="icon:x" />
          </button>
        )}
      </th>
      <td>{diameterText(diameterOf(prior, isNode))}</td>
      <td>{diameterText(diameterOf(current, isNode))}</td>
      <td>
        {problem ? t(problem) : change && changeText(change)}
        {change && !change.isCertain && <span class="quiet"> {t("findings.track.uncertain")}</span>}
      </td>
      <td>
        <Tick name={t("findings.track.targetOf", { name })} set={targets} of={tracking} />
      </td>
      <td>
        <Tick name={t("findings.track.nodeOf", { name })} set={nodes} of={tracking} />
      </td>
    </tr>
  );
}

function SumRow({ counted }: { counted: readonly Target[] }) {
  const sum = sumOf(counted);
  return (
    <tfoot>
      <tr>
        <th scope="row">{t("findings.recist.sum")}</th>
        {sum ? (
          <>
            <td>{millimetres(sum.prior)}</td>
            <td>{millimetres(sum.current)}</td>
            <td colSpan={3}>
              {changeText(sum.change)}
              {!sum.change.isCertain && <span class="quiet"> {t("findings.track.uncertain")}</span>}
            </td>
          </>
        ) : (
          <td colSpan={5} class="quiet">
            {t(counted.length === 0 ? "findings.recist.none" : "findings.recist.incomplete")}
          </td>
        )}
      </tr>
    </tfoot>
  );
}

interface TickProps {
  readonly name: string;
  readonly set: typeof targets;
  readonly of: string;
}

function Tick({ name, set, of }: TickProps) {
  const toggle = (): void => {
    const next = new Set(set.peek());
    if (!next.delete(of)) next.add(of);
    set.value = next;
  };
  return (
    <label class="finding-tick">
      <input type="checkbox" aria-label={name} checked={set.value.has(of)} onChange={toggle} />
    </label>
  );
}

function diameterText(diameter: Diameter): string {
  return diameter.value === null ? t(diameter.problem) : millimetres(diameter.value);
}

function millimetres(value: number): string {
  return t("findings.track.mm", { value: measured(value) });
}

/** With its sign, also where it grew. */
function changeText({ absolute, percent }: Change): string {
  const mm = signed(absolute);
  return percent === null
    ? t("findings.track.changeMm", { mm })
    : t("findings.track.changeBoth", { mm, percent: signed(percent) });
}

function signed(value: number): string {
  return value > 0 ? `+${measured(value)}` : measured(value);
}
