import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../messages";
import { urlOf } from "../page";
import { LogOutButton } from "../ui/LogOutButton";
import { SITE_PAGES, type SitePageName } from "../ui/sitePages";

interface PageHeadProps {
  readonly current: SitePageName;
  /** Who is logged in. */
  readonly user: string;
}

/** The bar at the top of an administrator's page: the way to the studies and to the other pages. The page's `h1` is its own. */
export function PageHead({ current, user }: PageHeadProps) {
  const nav = useRef<HTMLElement>(null);
  // On a phone the names of the pages are longer than the screen is wide.
  useLayoutEffect(() => {
    const [element, own] = [nav.current, nav.current?.querySelector<HTMLElement>("[aria-current]")];
    if (element && own) element.scrollLeft = own.offsetLeft - element.offsetLeft - 16;
  }, []);
  return (
    <header class="head page-head">
      <a class="wordmark" href={urlOf("sightline/about")} title={t("about.link")}>
        {t("app.name")}
      </a>
      <nav ref={nav} class="page-nav" aria-label={t("nav.label")}>
        <a href={urlOf("sightline/")}>{t("nav.studies")}</a>
        {SITE_PAGES.map(({ name, path, title }) => (
          <a key={name} href={urlOf(path)} aria-current={name === current ? "page" : undefined}>
            {t(title)}
          </a>
        ))}
      </nav>
      <LogOutButton user={user} />
    </header>
  );
}
