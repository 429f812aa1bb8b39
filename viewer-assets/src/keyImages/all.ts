/** What key images and presentations need beyond the first screen, in one file. */

export { KeyImagesPanel } from "./KeyImagesPanel";
export { startKeyImages } from "./sync";
export { startPresentations } from "../presentations/load";
export { PresentationsPanel } from "../presentations/PresentationsPanel";
