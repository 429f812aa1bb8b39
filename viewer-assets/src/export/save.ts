/** Ways out of the page for something that was made here. */
import { t } from "../messages";
import "./messages";

/** Let the browser save it as a file. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the browser reads it after this turn.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Whether pictures can be put into the clipboard here: browsers allow it over https and on this machine only. */
export function canCopy(): boolean {
  return "ClipboardItem" in globalThis && Boolean(navigator.clipboard?.write);
}

/** Put a PNG into the clipboard. */
export async function copyPicture(png: Blob): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
}

/** The canvas as a file. */
export function encoded(canvas: HTMLCanvasElement, type: "image/png" | "image/jpeg"): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(t("export.tooLarge")))), type, 0.95);
  });
}

/** What stands on a printed page beside the picture. */
export interface Sheet {
  readonly lines: readonly string[];
  /** Width of the picture in mm where it is to be printed in true size; else it fills the page. */
  readonly width: number | null;
}

/** Print a picture on a clean page; the browser's own dialogue also makes a PDF of it. */
export async function printPicture(picture: Blob, { lines, width }: Sheet): Promise<void> {
  const url = URL.createObjectURL(picture);
  const sheet = document.createElement("div");
  sheet.className = "print-sheet";
  for (const line of lines) sheet.append(Object.assign(document.createElement("p"), { textContent: line }));
  const image = new Image();
  image.alt = "";
  image.src = url;
  if (width !== null) image.style.width = `${width}mm`;
  sheet.append(image);
  document.body.append(sheet);
  try {
    await image.decode();
    await new Promise<void>((resolve) => {
      addEventListener("afterprint", () => resolve(), { once: true });
      print();
    });
  } finally {
    sheet.remove();
    URL.revokeObjectURL(url);
  }
}
