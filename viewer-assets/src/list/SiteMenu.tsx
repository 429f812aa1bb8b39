import { useRef, useState } from "preact/hooks";
import { t } from "../messages";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import { PopupMenu } from "../ui/PopupMenu";
import { SITE_PAGES } from "../ui/sitePages";

/** The way to the administrators' other pages. */
export function SiteMenu() {
  const [isOpen, open] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <span class="site-menu">
      <button
        ref={button}
        type="button"
        class="head-button quiet-button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => open(!isOpen)}
      >
        <Icon name="icon:settings" />
        <span>{t("nav.menu")}</span>
      </button>
      {isOpen && (
        <PopupMenu onClose={() => open(false)} button={button}>
          {SITE_PAGES.map(({ name, path, title, icon }) => (
            <a key={name} role="menuitem" tabIndex={-1} href={urlOf(path)}>
              <span>{t(title)}</span>
              <Icon name={icon} />
            </a>
          ))}
        </PopupMenu>
      )}
    </span>
  );
}
