/** The page that connects an EHR. */
import { render } from "preact";
import "./ehr/messages";
import { pageData } from "./page";
import type { SetupData } from "./setup/data";
import { SetupModel } from "./setup/model";
import { Setup } from "./setup/Setup";
import { showStoredTheme } from "./theme";

showStoredTheme();
const app = document.getElementById("app");
const data = pageData<SetupData>("page-data");
if (app && data) render(<Setup model={new SetupModel(data)} />, app);
