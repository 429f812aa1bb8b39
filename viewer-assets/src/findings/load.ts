/** What is loaded after the first picture: keeping findings, and their list. */

import "../laterMessages";

export { FindingsPanel } from "./FindingsPanel";
export { startKeeping } from "./keep";
