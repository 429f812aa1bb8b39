/** Takes an upload back, in as many steps as the server needs. */
import { postJson } from "../api";
import { uploadPath } from "./send";

interface UndoAnswer {
  readonly deleted: number;
  readonly kept: number;
  readonly left: number;
}

/** Take back what an upload has newly stored. `kept` was replaced or deleted by somebody since. */
export async function undoUpload(
  upload: string,
  onProgress: (deleted: number) => void,
): Promise<{ readonly deleted: number; readonly kept: number }> {
  let [deleted, kept] = [0, 0];
  for (;;) {
    const answer = await postJson<UndoAnswer>(`${uploadPath(upload)}/undo`, undefined);
    deleted += answer.deleted;
    kept += answer.kept;
    onProgress(deleted);
    if (answer.left === 0) return { deleted, kept };
  }
}
