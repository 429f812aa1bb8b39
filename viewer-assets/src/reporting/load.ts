/** What is loaded when somebody first wants to read or write a report. */

import "./messages";

export { ReportingPanel } from "./ReportingPanel";
