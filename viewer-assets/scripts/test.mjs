/** Bundle tests/*.test.ts and run them with node's own test runner. */
import { build } from "esbuild";
import { readdir, rm, mkdtemp } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const out = await mkdtemp(path.join(here, "node_modules/.tests-"));
const tests = (await readdir(path.join(here, "tests"))).filter((name) => /\.test\.tsx?$/.test(name));
await build({
  absWorkingDir: here,
  entryPoints: tests.map((name) => `tests/${name}`),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  logLevel: "warning",
});
const files = (await readdir(out)).map((name) => path.join(out, name));
const { status } = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" });
await rm(out, { recursive: true, force: true });
process.exit(status ?? 1);
