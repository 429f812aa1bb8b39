/** What is loaded after the first picture: keeping findings, and their list. */

import "./messages";

export { FindingsPanel } from "./FindingsPanel";
export { startKeeping } from "./keep";
