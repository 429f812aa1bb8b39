/** What the server left in the page for the script: the way to Orthanc's root, and data. */

/** The absolute URL of a path below Orthanc's root, such as `sightline/session`, whatever prefix a proxy puts before it. */
export function urlOf(path: string): string {
  const root = document.documentElement.dataset["root"] ?? "/";
  return new URL(root + path, document.baseURI).href;
}

/** The JSON block with that id; null when the page has none. */
export function pageData<Data>(id: string): Data | null {
  const text = document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as Data) : null;
}
