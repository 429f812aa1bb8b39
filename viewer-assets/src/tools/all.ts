/** The reading tools in one file, which the page gets when the first of them is used. */

export { LookPanel } from "./LookPanel";
export { playerOf } from "./player";
export { PlayerBar } from "./PlayerBar";
export { PresetsPanel } from "./PresetsPanel";
export { takeRegion } from "./regions";
export { TagBrowser } from "./TagBrowser";
export { ToolLayer } from "./ToolLayer";
