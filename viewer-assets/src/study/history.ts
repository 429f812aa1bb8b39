/** Undo and redo, over states of the page. */
import { signal } from "@preact/signals";
import type { MessageKey } from "../messages";

/** A change that can be taken back: its name, and what was before and after. */
interface Step<State> {
  readonly name: MessageKey;
  readonly before: State;
  after: State;
  time: number;
}

type Side = "before" | "after";

/** Changes of one name that follow each other so fast are one, such as turns of the wheel. */
const TOGETHER_MS = 800;
const LONGEST = 100;

export class History<State> {
  private readonly past: Step<State>[] = [];
  private readonly future: Step<State>[] = [];
  /** The change that undo would take back; null when there is none. */
  readonly undoable = signal<MessageKey | null>(null);
  readonly redoable = signal<MessageKey | null>(null);

  constructor(
    private readonly apply: (to: State, from: State) => void,
    private readonly same: (a: State, b: State) => boolean,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Remember a change that has just been made; one that is alone is a step of its own, however soon another follows. */
  note(name: MessageKey, before: State, after: State, isAlone = false): void {
    if (this.same(before, after)) return;
    const last = this.past.at(-1);
    const time = this.now();
    if (
      !isAlone &&
      last &&
      last.name === name &&
      time - last.time < TOGETHER_MS &&
      this.same(last.after, before)
    ) {
      last.after = after;
      last.time = time;
    } else {
      this.past.push({ name, before, after, time });
      if (this.past.length > LONGEST) this.past.shift();
    }
    this.future.length = 0;
    this.tell();
  }

  /** Take the last change back. */
  undo(): MessageKey | null {
    return this.move(this.past, this.future, "after", "before");
  }

  /** Make the change again that was taken back last. */
  redo(): MessageKey | null {
    return this.move(this.future, this.past, "before", "after");
  }

  private move(from: Step<State>[], to: Step<State>[], old: Side, next: Side): MessageKey | null {
    const step = from.pop();
    if (!step) return null;
    to.push(step);
    this.apply(step[next], step[old]);
    this.tell();
    return step.name;
  }

  private tell(): void {
    this.undoable.value = this.past.at(-1)?.name ?? null;
    this.redoable.value = this.future.at(-1)?.name ?? null;
  }
}
