/** The administrators' pages beside the study list, and where they are. */
import type { MessageKey } from "../messages";
import type { IconName } from "./Icon";

export type SitePageName = "orders" | "deliveries" | "chart" | "access" | "setup";

export interface SitePage {
  readonly name: SitePageName;
  /** Below Orthanc's root. */
  readonly path: string;
  readonly title: MessageKey;
  readonly icon: IconName;
}

export const SITE_PAGES: readonly SitePage[] = [
  { name: "orders", path: "sightline/orders", title: "nav.orders", icon: "icon:clipboard-list" },
  { name: "deliveries", path: "sightline/deliveries", title: "nav.deliveries", icon: "icon:file-text" },
  { name: "chart", path: "sightline/chart-documents", title: "nav.chart", icon: "icon:images" },
  { name: "access", path: "sightline/access", title: "nav.access", icon: "icon:eye" },
  { name: "setup", path: "sightline/setup", title: "nav.setup", icon: "icon:settings" },
];
