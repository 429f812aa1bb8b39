/**
 * Decoding beside the page: a mammogram takes a third of a second, and nobody's mouse may wait for it. This file is both
 * sides: imported by the page it starts a worker, and the worker is this file again.
 */
import { decodeExactFrame, type ExactFrame } from "./exactFrame";

interface Question {
  readonly id: number;
  readonly content: ArrayBuffer;
}

/** What the worker says: a frame, or what is wrong with the bytes. */
export type Answer = { readonly id: number } & (
  { readonly frame: ExactFrame } | { readonly problem: string }
);

/** The part of trusted types that is needed; browsers without them take a plain address. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

/** Start a worker. Its address is the one of this very file, which the page's policy lets no other replace. */
export function startWorker(): Worker {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
  const policy = trustedTypes?.createPolicy("sightline", { createScriptURL: () => import.meta.url });
  return new Worker(policy?.createScriptURL("") ?? import.meta.url, { type: "module" });
}

/** Give memory back at once, where the browser can: by itself it lets hundreds of such buffers lie for a while. */
function giveBack(buffer: ArrayBuffer & { transfer?: (size: number) => ArrayBuffer }): void {
  buffer.transfer?.(0);
}

async function answer({ id, content }: Question): Promise<void> {
  const scope = globalThis as unknown as { postMessage(message: Answer, transfer: Transferable[]): void };
  try {
    const frame = await decodeExactFrame(content);
    scope.postMessage({ id, frame }, [frame.samples.buffer as ArrayBuffer]);
  } catch (error) {
    scope.postMessage({ id, problem: String(error) }, []);
  }
  giveBack(content);
}

if (!("document" in globalThis)) {
  globalThis.addEventListener("message", (event) => void answer((event as MessageEvent<Question>).data));
}
