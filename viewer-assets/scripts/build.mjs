/**
 * Build the viewer: src/ -> dist/, every file name with a hash of its content, a manifest that says what each page
 * loads, a .gz beside each file, the message file, and one sprite with the icons that the sources name.
 */
import { build } from "esbuild";
import { readFile, readdir, rename, rm, writeFile, mkdir } from "node:fs/promises";
import { gzipSync, constants } from "node:zlib";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(here, "dist");
const PAGES = [
  "list",
  "study",
  "login",
  "link",
  "timeline",
  "orders",
  "deliveries",
  "chart",
  "access",
  "setup",
];
const TYPES = { ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8" };

/** Icons are named in sources and templates as "icon-name" strings that match a file; others are not shipped. */
async function sprite() {
  const used = new Set();
  const templates = ["viewer", "openemr"].map((room) =>
    path.join(here, "../plugin/sightline", room, "templates"),
  );
  const sources = [path.join(here, "src"), ...templates];
  for (const folder of sources) {
    for (const name of await readdir(folder, { recursive: true })) {
      if (!/\.(tsx?|html)$/.test(name)) continue;
      const text = await readFile(path.join(folder, name), "utf8");
      for (const match of text.matchAll(/["'#]icon:([a-z0-9-]+)/g)) used.add(match[1]);
    }
  }
  const symbols = await Promise.all([...used].sort().map(symbol));
  return `<svg class="sprite" aria-hidden="true" focusable="false">${symbols.join("")}</svg>\n`;
}

/** One icon file as a symbol; its stroke comes from CSS. */
async function symbol(name) {
  const text = await readFile(path.join(here, "icons", `${name}.svg`), "utf8");
  const inner = text
    .replace(/<!--.*?-->/gs, "")
    .replace(/<svg[^>]*>/s, "")
    .replace("</svg>", "")
    .replace(/\s*\n\s*/g, "");
  return `<symbol id="icon-${name}" viewBox="0 0 24 24">${inner.trim()}</symbol>`;
}

const options = {
  absWorkingDir: here,
  outdir: dist,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome109", "firefox115", "safari16.4"],
  minify: true,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  jsx: "automatic",
  jsxImportSource: "preact",
  metafile: true,
  legalComments: "none",
  logLevel: "info",
};

/**
 * What comes later finds everything that its page has in one file: else each set of modules that some of the later parts
 * share would be a file of its own, and a request before the first picture. So each later part imports its page's entry,
 * which has run by then.
 */
const laterParts = (entry) => ({
  name: "later-parts",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^\./ }, async ({ kind, path: wanted, resolveDir, namespace }) => {
      // A worker runs its file again, where there is no page.
      const isAlone = /\.json$|\/worker$/.test(wanted);
      if (kind !== "dynamic-import" || namespace !== "file" || isAlone) return undefined;
      const { path: file } = await resolve(wanted, { resolveDir, kind: "import-statement" });
      return { path: file, namespace: "later" };
    });
    onLoad({ filter: /.*/, namespace: "later" }, ({ path: file }) => ({
      contents: `import ${JSON.stringify(path.join(here, entry))};\nexport * from ${JSON.stringify(file)};`,
      resolveDir: path.dirname(file),
    }));
  },
});

/** Modules that bring messages which no page needs for its first picture, and which these are. */
const LATER_MESSAGES = {
  "src/download/messages.ts": /^(download|upload)\./,
  "src/export/messages.ts": /^export\./,
  "src/findings/messages.ts": /^findings\./,
  "src/upload/messages.ts": /^upload\./,
  "src/reporting/messages.ts": /^reporting\./,
  "src/mpr/messages.ts": /^(mpr|body|fusion)\./,
  "src/ehr/messages.ts": /^(timeline|orders|deliveries|chart|access|setup|smart)\./,
};

/** The one message file falls into parts here: what pages bring at first, and what each of these modules brings. */
const messages = {
  name: "messages",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /messages\/en\.json$/ }, ({ importer, resolveDir, path: wanted }) => {
      const module = path.relative(here, importer);
      const namespace = module in LATER_MESSAGES ? `messages:${module}` : "messages:";
      return { path: path.resolve(resolveDir, wanted), namespace };
    });
    const later = Object.values(LATER_MESSAGES);
    const isFirst = (key) => !later.some((pattern) => pattern.test(key));
    onLoad({ filter: /.*/, namespace: "messages:" }, ({ path: file }) => messagesOf(file, isFirst));
    for (const [module, pattern] of Object.entries(LATER_MESSAGES)) {
      const isOwn = (key) => pattern.test(key);
      onLoad({ filter: /.*/, namespace: `messages:${module}` }, ({ path: file }) => messagesOf(file, isOwn));
    }
  },
};

async function messagesOf(file, isWanted) {
  const all = Object.entries(JSON.parse(await readFile(file, "utf8")));
  const wanted = all.filter(([key]) => isWanted(key));
  return { contents: JSON.stringify(Object.fromEntries(wanted)), loader: "json", watchFiles: [file] };
}

/** Each page is built by itself: what pages share would otherwise come in many small files, each a request. */
const ENTRIES = [...PAGES.map((page) => `src/${page}.tsx`), "src/style/app.css"];

async function buildAll() {
  const results = await Promise.all(
    ENTRIES.map((entry) =>
      build({ ...options, entryPoints: [entry], plugins: [laterParts(entry), messages] }),
    ),
  );
  return { outputs: Object.assign({}, ...results.map(({ metafile }) => metafile.outputs)) };
}

/** Write what the server needs beside esbuild's own output. */
async function finish(metafile) {
  const manifest = { style: "", entries: {}, files: {} };
  for (const [output, about] of Object.entries(metafile.outputs)) {
    const name = path.basename(output);
    const content = await readFile(path.join(here, output));
    await writeFile(
      path.join(dist, `${name}.gz`),
      gzipSync(content, { level: constants.Z_BEST_COMPRESSION }),
    );
    manifest.files[name] = { type: TYPES[path.extname(name)], gzip: true, bytes: content.length };
    if (about.entryPoint === "src/style/app.css") manifest.style = name;
    else if (about.entryPoint && PAGES.includes(path.basename(about.entryPoint, ".tsx"))) {
      const page = path.basename(about.entryPoint, ".tsx");
      manifest.entries[page] = { script: name, preloads: staticImports(metafile, output) };
    }
  }
  await writeFile(path.join(dist, "messages.en.json"), await readFile(path.join(here, "messages/en.json")));
  await writeFile(path.join(dist, "icons.svg"), await sprite());
  // Last, and at once: a server that is running sees the old build or the new one, never half of each.
  await writeFile(path.join(dist, "manifest.new"), JSON.stringify(manifest, null, 1) + "\n");
  await rename(path.join(dist, "manifest.new"), path.join(dist, "manifest.json"));
  await removeOthers(Object.keys(manifest.files));
}

/** Remove what earlier builds left. */
async function removeOthers(names) {
  const kept = new Set([
    ...names,
    ...names.map((name) => `${name}.gz`),
    "manifest.json",
    "messages.en.json",
    "icons.svg",
  ]);
  const stale = (await readdir(dist)).filter((name) => !kept.has(name));
  await Promise.all(stale.map((name) => rm(path.join(dist, name), { recursive: true, force: true })));
}

/** Chunks that an entry imports at once, directly or through others. */
function staticImports(metafile, output, seen = new Set()) {
  for (const { path: imported, kind } of metafile.outputs[output].imports) {
    if (kind !== "import-statement" || seen.has(imported)) continue;
    seen.add(imported);
    staticImports(metafile, imported, seen);
  }
  return [...seen].map((file) => path.basename(file));
}

await mkdir(dist, { recursive: true });
await finish(await buildAll());
