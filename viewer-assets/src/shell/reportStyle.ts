/** The look of a report: the page's own colours and letters, for HTML that comes without any. */

/** The frame's document takes over the look of the page around it. */
export function styleReport(report: Document, frame: Window): void {
  const { CSSStyleSheet: Sheet } = frame as Window & typeof globalThis;
  const sheet = new Sheet();
  sheet.replaceSync(rules(getComputedStyle(document.documentElement)));
  report.adoptedStyleSheets = [sheet];
}

function rules(page: CSSStyleDeclaration): string {
  const token = (name: string): string => page.getPropertyValue(`--${name}`);
  return `
    :root { color-scheme: ${page.colorScheme}; background: ${token("ground")}; color: ${token("text")};
      font: ${page.getPropertyValue("--size")} / 1.5 ${token("font")}; }
    body { max-width: 76ch; margin: 0 auto; padding: 24px 20px 48px; overflow-wrap: break-word; }
    h1 { margin: 0 0 16px; font-size: 1.5em; font-weight: 600; }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0 0 20px; padding: 12px 16px;
      border: 1px solid ${token("line")}; border-radius: ${token("radius")}; background: ${token("raised")}; }
    dt, strong { color: ${token("quiet")}; font-weight: 600; }
    dd { margin: 0; }
    ul { margin: 4px 0; padding-left: 16px; list-style: none; }
    body > ul { padding: 0; }
    li { margin: 4px 0; }
    ul ul { border-left: 1px solid ${token("line")}; }`;
}
