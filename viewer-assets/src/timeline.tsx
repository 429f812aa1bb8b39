/** The page of one patient, as an EHR has opened it. */
import { render } from "preact";
import "./ehr/messages";
import { pageData } from "./page";
import { showStoredTheme } from "./theme";
import type { TimelineData } from "./timeline/data";
import { TimelineModel } from "./timeline/model";
import { Timeline } from "./timeline/Timeline";

showStoredTheme();
const app = document.getElementById("app");
const data = pageData<TimelineData>("page-data");
if (app && data) {
  const model = new TimelineModel(data, window.top !== window.self);
  render(<Timeline model={model} />, app);
  model.start();
}
