/** Imaging orders: what is asked for, what could not be read, and which code means which modality. */
import { render } from "preact";
import "./ehr/messages";
import { OrdersPage } from "./orders/OrdersPage";
import type { OrdersPageData } from "./orders/data";
import { OrdersModel } from "./orders/model";
import { pageData } from "./page";
import { showStoredTheme } from "./theme";

showStoredTheme();
const app = document.getElementById("app");
const data = pageData<OrdersPageData>("page-data");
if (app && data) {
  const model = new OrdersModel(data);
  render(<OrdersPage model={model} />, app);
  model.watch();
}
