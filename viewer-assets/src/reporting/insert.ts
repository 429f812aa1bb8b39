/** Text that is put into a field as if it were typed: the field's own undo takes it back. */

/** Put a text where the cursor is, on a line of its own. */
export function insertLines(field: HTMLTextAreaElement, text: string): void {
  const { value, selectionStart, selectionEnd } = field;
  const before = value.slice(0, selectionStart);
  const after = value.slice(selectionEnd);
  const lines = `${before && !before.endsWith("\n") ? "\n" : ""}${text}${after && !after.startsWith("\n") ? "\n" : ""}`;
  field.focus();
  // Deprecated, and still the one way that keeps the field's own undo.
  if (document.execCommand("insertText", false, lines)) return;
  field.setRangeText(lines, selectionStart, selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Make a field as high as its text. */
export function fit(field: HTMLTextAreaElement): void {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}
