/** Reports on their way to the EHR. */
import { render } from "preact";
import { DeliveriesPage } from "./deliveries/DeliveriesPage";
import type { DeliveriesPageData } from "./deliveries/data";
import { DeliveriesModel } from "./deliveries/model";
import "./ehr/messages";
import { pageData } from "./page";
import { showStoredTheme } from "./theme";

showStoredTheme();
const app = document.getElementById("app");
const data = pageData<DeliveriesPageData>("page-data");
if (app && data) {
  const model = new DeliveriesModel(data);
  render(<DeliveriesPage model={model} />, app);
  model.watch();
}
