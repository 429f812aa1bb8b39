/** Findings on images in one file, which the page gets when there is one or somebody wants to draw one. */

import { copyBeside, duplicate, removeFinding, stepFinding, toggleAll, writeSelected } from "./acts";

/** Not as a namespace: what makes one of a module would be a file of its own, which a worker shares with the page. */
export const acts = { copyBeside, duplicate, removeFinding, stepFinding, toggleAll, writeSelected };
export { CopyPanel } from "./CopyPanel";
export { FindingsLayer } from "./FindingsLayer";
export { MeasurePanel } from "./MeasurePanel";
export { pencilOf } from "./pencil";
export { drawFindings } from "./paint";
