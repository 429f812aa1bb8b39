import { signal, useSignal } from "@preact/signals";
import { fullDate } from "../format";
import { t } from "../messages";
import { apart } from "../study/apart";
import type { Study } from "../study/data";
import { linkedCode } from "../study/linkedCode";
import { isSamePatient } from "../study/patient";
import type { Reader } from "../study/reader";
import { uidOf, type FindingTool } from "./model";
import { nameOf, type Row } from "./rows";
import { joined, pairsOf, type Pair } from "./tracking";
import { TrackingTable } from "./TrackingTable";
import { newUuid } from "./uuid";

/** The study that is compared with; until the page ends. */
const chosen = signal<string | null>(null);

const DIAMETERS: ReadonlySet<FindingTool | undefined> = new Set(["length", "bidirectional"]);

interface TrackingProps {
  readonly reader: Reader;
  readonly rows: readonly Row[];
}

/** The same findings in another study of the patient: pairing them, their change, and the sum of targets. */
export function TrackingSection({ reader, rows }: TrackingProps) {
  const said = useSignal("");
  const others = othersOf(reader);
  const other = others.find(({ uid }) => uid === chosen.value) ?? null;
  const choose = (uid: string): void => {
    chosen.value = uid || null;
    if (uid) void linkedCode.peek()?.bring(reader, uid);
  };
  return (
    <details class="findings-part">
      <summary>{t("findings.track")}</summary>
      {others.length === 0 ? (
        <p class="quiet">{t("findings.track.none")}</p>
      ) : (
        <label class="finding-field">
          <span>{t("findings.track.with")}</span>
          <select value={other?.uid ?? ""} onChange={(event) => choose(event.currentTarget.value)}>
            <option value="">{t("findings.track.choose")}</option>
            {others.map((study) => (
              <option key={study.uid} value={study.uid}>
                {studyName(reader, study)}
              </option>
            ))}
          </select>
        </label>
      )}
      {other && (
        <Comparison reader={reader} rows={rows} other={other} onSay={(text) => (said.value = text)} />
      )}
      <p class="quiet" role="status">
        {said.value}
      </p>
    </details>
  );
}

/** Other studies of the same patient: what lies beside already, then the priors. */
function othersOf(reader: Reader): readonly Study[] {
  const open = reader.studies.value.map(({ study }) => study);
  const beside = open.filter(({ uid }) => uid !== reader.study.uid);
  const priors = reader.priors.value.map(({ study }) => study);
  const all = [...beside.filter((study) => isSamePatient(study, reader.study)), ...priors];
  return all.filter(({ uid }, index) => all.findIndex((one) => one.uid === uid) === index);
}

function studyName(reader: Reader, study: Study): string {
  const prior = reader.priors.value.find((one) => one.study.uid === study.uid);
  const when = prior ? apart(prior.days) : "";
  return [fullDate(study.date), study.description, when].filter(Boolean).join(" · ") || study.uid;
}

interface ComparisonProps extends TrackingProps {
  readonly other: Study;
  readonly onSay: (text: string) => void;
}

function Comparison({ reader, rows, other, onSay }: ComparisonProps) {
  const own = rowsIn(rows, reader.study);
  const theirs = rowsIn(rows, other);
  if (own.length + theirs.length === 0) return <p class="quiet">{t("findings.track.noFindings")}</p>;
  const [before, after] = isLater(other, reader.study) ? [own, theirs] : [theirs, own];
  const dates = isLater(other, reader.study)
    ? ([reader.study.date, other.date] as const)
    : ([other.date, reader.study.date] as const);
  const unpair = ({ finding }: Row): void => {
    const tracking = uidOf(newUuid());
    reader.change("findings.track.paired", () => reader.findings.change(finding.id, { tracking }), true);
  };
  return (
    <>
      <PairForm reader={reader} own={own} theirs={theirs} onSay={onSay} />
      <TrackingTable
        pairs={pairsOf(after, before).filter(isWorthARow)}
        dates={dates}
        onUnpair={(tracking) => own.filter(({ finding }) => finding.tracking === tracking).forEach(unpair)}
      />
    </>
  );
}

/** What is in both studies, and what could be: findings that have a diameter. */
function isWorthARow({ current, prior }: Pair): boolean {
  const [one, other] = [current, prior].map((sized) => sized?.finding.tool);
  return (current !== null && prior !== null) || DIAMETERS.has(one ?? other);
}

function rowsIn(rows: readonly Row[], { uid }: Study): readonly Row[] {
  return rows.filter(({ finding, home }) => finding.study === uid && home !== null);
}

function isLater(a: Study, b: Study): boolean {
  return a.date + a.time > b.date + b.time;
}

interface PairProps {
  readonly reader: Reader;
  readonly own: readonly Row[];
  readonly theirs: readonly Row[];
  readonly onSay: (text: string) => void;
}

/** Those that the others have no partner for. */
function alone(rows: readonly Row[], others: readonly Row[]): readonly Row[] {
  const taken = new Set(others.map(({ finding }) => finding.tracking));
  return rows.filter(({ finding }) => !taken.has(finding.tracking));
}

/** The row that was chosen; the first until one was. */
function rowNamed(rows: readonly Row[], id: string): Row | undefined {
  return rows.find(({ finding }) => finding.id === id) ?? rows[0];
}

/** Two findings that have no partner yet are said to be the same. */
function PairForm({ reader, own, theirs, onSay }: PairProps) {
  const [here, there] = [useSignal(""), useSignal("")];
  const [ownFree, theirFree] = [alone(own, theirs), alone(theirs, own)];
  if (ownFree.length === 0 || theirFree.length === 0) return null;
  const [a, b] = [rowNamed(ownFree, here.value), rowNamed(theirFree, there.value)];
  const pair = (): void => {
    if (!a || !b) return;
    const changed = joined(reader.findings.all.peek().values(), a.finding, b.finding);
    if (!changed) onSay(t("findings.track.cannotPair"));
    else reader.change("findings.track.paired", () => reader.findings.put(...changed), true);
  };
  return (
    <form
      class="finding-pair"
      onSubmit={(event) => {
        event.preventDefault();
        pair();
      }}
    >
      <FindingChoice
        name={t("findings.track.current")}
        rows={ownFree}
        chosen={a}
        onChoose={(id) => (here.value = id)}
      />
      <FindingChoice
        name={t("findings.track.prior")}
        rows={theirFree}
        chosen={b}
        onChoose={(id) => (there.value = id)}
      />
      <button type="submit">{t("findings.track.pair")}</button>
    </form>
  );
}

interface FindingChoiceProps {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly chosen: Row | undefined;
  readonly onChoose: (id: string) => void;
}

function FindingChoice({ name, rows, chosen: row, onChoose }: FindingChoiceProps) {
  return (
    <label class="finding-field">
      <span>{name}</span>
      <select value={row?.finding.id ?? ""} onChange={(event) => onChoose(event.currentTarget.value)}>
        {rows.map(({ finding, home }) => (
          <option key={finding.id} value={finding.id}>
            {[nameOf(finding), home && t("findings.slice", { number: home.slice + 1 })]
              .filter(Boolean)
              .join(" · ")}
          </option>
        ))}
      </select>
    </label>
  );
}
