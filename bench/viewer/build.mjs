/**
 * Builds of other viewers, as their authors would put them into production:
 *
 *   node build.mjs ohif FOLDER TARGET   minify what npm has of OHIF, which is not minified
 *   node build.mjs dwv FOLDER TARGET    bundle DWV with a page of our own, since it is a library
 *
 * Both get a .gz beside each file, for a web server to send as it is.
 */
import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";

const here = createRequire(new URL("../../viewer-assets/package.json", import.meta.url));
const { build, transform } = here("esbuild");
const GZIP_LEVEL = 6;
const COMPRESSED = /\.(js|mjs|css|html|json|svg|wasm)$/;

async function ohif(source, target) {
  await cp(source, target, { recursive: true });
  for (const file of await filesOf(target)) {
    if (!/\.m?js$/.test(file)) continue;
    const { code } = await transform(await readFile(file, "utf8"), { minify: true, legalComments: "none" });
    await writeFile(file, code);
  }
}

async function dwv(source, target) {
  await mkdir(target, { recursive: true });
  await cp(path.join(source, "index.html"), path.join(target, "index.html"));
  await build({
    entryPoints: [path.join(source, "page.js")],
    outdir: target,
    bundle: true,
    minify: true,
    format: "esm",
    legalComments: "none",
  });
}

async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((one) => one.isFile()).map((one) => path.join(one.parentPath ?? one.path, one.name));
}

const [which, source, target] = process.argv.slice(2);
await { ohif, dwv }[which](source, target);
for (const file of await filesOf(target)) {
  if (COMPRESSED.test(file)) await writeFile(`${file}.gz`, gzipSync(await readFile(file), { level: GZIP_LEVEL }));
}
