/** Frames decoded by a worker, asked for as if it were a function. */
import type { ExactFrame } from "./exactFrame";
import type { Answer } from "./worker";

interface Waiting {
  readonly resolve: (frame: ExactFrame) => void;
  readonly reject: (error: Error) => void;
}

/** What is needed of a `Worker`. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: "message" | "error", listener: (event: { data?: unknown }) => void): void;
}

/** The worker ended, or never began: nothing will be decoded any more. */
export class NoDecoder extends Error {}

export class FrameDecoder {
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;
  private broken = false;

  constructor(private readonly port: Port) {
    port.addEventListener("message", ({ data }) => this.onAnswer(data as Answer));
    port.addEventListener("error", () => this.onEnd());
  }

  /** Decode; `content` is given away. Rejects where the bytes are no frame, or with {@link NoDecoder}. */
  decode(content: ArrayBuffer): Promise<ExactFrame> {
    this.last += 1;
    const id = this.last;
    return new Promise((resolve, reject) => {
      if (this.broken) {
        reject(new NoDecoder());
        return;
      }
      this.waiting.set(id, { resolve, reject });
      this.port.postMessage({ id, content }, [content]);
    });
  }

  private onAnswer(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ("frame" in answer) waiting?.resolve(answer.frame);
    else waiting?.reject(new Error(answer.problem));
  }

  private onEnd(): void {
    this.broken = true;
    for (const { reject } of this.waiting.values()) reject(new NoDecoder());
    this.waiting.clear();
  }
}
