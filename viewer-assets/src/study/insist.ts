/** Code that comes by itself after the first picture. */
const AGAIN_MS = 5000;

/** Get it; where the line was lost just then, ask again until it is there. */
export async function insist<Part>(load: () => Promise<Part>): Promise<Part> {
  for (;;) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
