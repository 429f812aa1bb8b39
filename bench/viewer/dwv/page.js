// The least page that reads a series with DWV: /?study=UID&series=UID shows it, a drag windows, wheel and keys scroll.
import { App, AppOptions, ToolConfig, ViewConfig } from "dwv";

const asked = new URLSearchParams(location.search);
const [study, series] = [asked.get("study"), asked.get("series")];
const answer = await fetch(`/dicom-web/studies/${study}/series/${series}/instances`);
const instances = await answer.json();
instances.sort((one, other) => one["00200013"].Value[0] - other["00200013"].Value[0]);
const wado = `/wado?requestType=WADO&contentType=application/dicom&studyUID=${study}&seriesUID=${series}`;
const urls = instances.map((instance) => `${wado}&objectUID=${instance["00080018"].Value[0]}`);

const app = new App();
const options = new AppOptions({ "*": [new ViewConfig("view")] });
options.tools = { WindowLevel: new ToolConfig(), Scroll: new ToolConfig() };
app.init(options);
app.addEventListener("load", () => {
  app.setTool("WindowLevel");
  document.documentElement.dataset.loaded = "";
});
addEventListener("keydown", app.defaultOnKeydown);
addEventListener("resize", () => app.fitToContainer());
app.loadURLs(urls);
