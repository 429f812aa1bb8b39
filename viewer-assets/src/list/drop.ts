/** Files dropped anywhere on the page open the upload. */
import { useEffect } from "preact/hooks";
import type { ListModel } from "./model";

export function useDrop(model: ListModel): void {
  useEffect(() => {
    if (!model.may("upload")) return undefined;
    const stop = new AbortController();
    const { signal } = stop;
    const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes("Files") ?? false;
    const body = document.body.classList;
    const onDrag = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      body.add("is-dropping");
    };
    const onDrop = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      body.remove("is-dropping");
      model.upload.value = event.dataTransfer;
    };
    addEventListener("dragover", onDrag, { signal });
    addEventListener("drop", onDrop, { signal });
    addEventListener("dragleave", (event) => event.relatedTarget === null && body.remove("is-dropping"), {
      signal,
    });
    return () => stop.abort();
  }, [model]);
}
