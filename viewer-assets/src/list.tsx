/** The study list. */
import { render } from "preact";
import { StudyList } from "./list/StudyList";
import type { ListPageData } from "./list/data";
import { ListModel } from "./list/model";
import { watchArrivals } from "./list/news";
import { pageData } from "./page";
import { showStoredTheme } from "./theme";

showStoredTheme();
const app = document.getElementById("app");
const data = pageData<ListPageData>("page-data");
if (app && data) {
  const model = new ListModel(data);
  render(<StudyList model={model} />, app);
  model.start();
  watchArrivals(model);
}
