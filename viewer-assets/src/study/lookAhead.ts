/** Whether the line may be used for what nobody asked for: not with data saver on, nor while nobody looks at the page. */
export function mayLookAhead(): boolean {
  const { connection } = (globalThis.navigator ?? {}) as { connection?: { saveData?: boolean } };
  return connection?.saveData !== true && globalThis.document?.hidden !== true;
}
