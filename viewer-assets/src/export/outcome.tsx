import { useState } from "preact/hooks";
import { t } from "../messages";
import "./messages";

/** What came of the last thing that was asked for; `isBad` says that it failed. */
interface Outcome {
  readonly text: string;
  readonly isBad: boolean;
}

/** Runs what takes a while, and what to say of it: that it is being made, what it resolves with, or why it failed. */
export function useOutcome(): readonly [
  Outcome | null,
  (does: () => Promise<string | null>) => Promise<void>,
] {
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const run = async (does: () => Promise<string | null>): Promise<void> => {
    setOutcome({ text: t("export.working"), isBad: false });
    try {
      const text = await does();
      setOutcome(text === null ? null : { text, isBad: false });
    } catch (error) {
      setOutcome({ text: error instanceof Error ? error.message : String(error), isBad: true });
    }
  };
  return [outcome, run];
}

/** The outcome, where it was asked for. */
export function OutcomeLine({ outcome }: { outcome: Outcome | null }) {
  return (
    <p class={`export-state${outcome?.isBad ? " is-bad" : ""}`} role="status">
      {outcome?.text}
    </p>
  );
}
