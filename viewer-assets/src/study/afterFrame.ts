/**
 * Begin something once the screen has what is drawn now: nothing that can wait may delay it. Returns what ends it again,
 * or leaves it undone.
 */
export function afterFrame(begin: () => () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let end: (() => void) | null = null;
  const frame = requestAnimationFrame(() => {
    timer = setTimeout(() => {
      end = begin();
    });
  });
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    end?.();
  };
}

/** Where nothing is drawn, as in a hidden tab, this is waited for instead. */
const LONGEST_MS = 500;

/** Resolves once the screen has what is drawn now. */
export function drawn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, LONGEST_MS);
    afterFrame(() => {
      resolve();
      return () => undefined;
    });
  });
}
