/** What people set stays in the browser, under names of its own. None of it says anything of any patient. */

const PREFIX = "sightline.";

/** What was kept under that name; undefined where nothing was, or where it cannot be read. */
export function stored(name: string): unknown {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? undefined : (JSON.parse(text) as unknown);
  } catch {
    // Frames of other sites, and some private windows, have no storage: then settings last as long as the page.
    return undefined;
  }
}

/** Keep a value; undefined forgets it. */
export function store(name: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // See `stored`.
  }
}

/** Hear of what another window of this site keeps, by its name. */
export function onStored(listener: (name: string) => void): void {
  globalThis.addEventListener?.("storage", ({ key }) => {
    if (key?.startsWith(PREFIX)) listener(key.slice(PREFIX.length));
  });
}
