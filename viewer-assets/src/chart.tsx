/** DICOM documents of a chart, copied into the archive. */
import { render } from "preact";
import { ChartPage } from "./chart/ChartPage";
import type { ChartPageData } from "./chart/data";
import { ChartModel } from "./chart/model";
import "./ehr/messages";
import { pageData } from "./page";
import { showStoredTheme } from "./theme";

showStoredTheme();
const app = document.getElementById("app");
const data = pageData<ChartPageData>("page-data");
if (app && data) render(<ChartPage model={new ChartModel(data)} />, app);
