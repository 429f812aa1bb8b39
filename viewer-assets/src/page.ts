/** What the server left in the page for the script: the way to Orthanc's root, and data. */

/** Orthanc's root, whatever prefix a proxy puts before it. Read once: the address bar may change later. */
const root = new URL(document.documentElement.dataset["root"] ?? "/", document.baseURI);

/** The absolute URL of a path below Orthanc's root, such as `sightline/session`. */
export function urlOf(path: string): string {
  return new URL(path, root).href;
}

/** The JSON block with that id; null when the page has none. */
export function pageData<Data>(id: string): Data | null {
  const text = document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as Data) : null;
}
