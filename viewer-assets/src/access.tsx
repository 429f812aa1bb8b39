/** Who can see images without a login of their own: launches and links, to see and to end. */
import { render } from "preact";
import { AccessPage } from "./access/AccessPage";
import type { AccessPageData } from "./access/data";
import { AccessModel } from "./access/model";
import "./ehr/messages";
import { pageData } from "./page";
import { showStoredTheme } from "./theme";

showStoredTheme();
const app = document.getElementById("app");
const data = pageData<AccessPageData>("page-data");
if (app && data) {
  const model = new AccessModel(data);
  render(<AccessPage model={model} />, app);
  model.start();
}
