/** Bundles a test's program for another process or a page, siblings from their sources. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** What the CommonJS builds of tfjs expect of their surroundings, in an ES module. */
const commonJsNames = `
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const __filename = require("node:url").fileURLToPath(import.meta.url);
const __dirname = require("node:path").dirname(__filename);`;

/**
 * @param entry - file beside this one.
 * @returns the code.
 */
export async function bundle(entry: string, platform: "node" | "browser"): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    platform,
    conditions: ["@seq/source"],
    target: "es2022",
    // tfjs asks for these in Node only by `require`, behind a check.
    external: platform === "browser" ? ["node:*"] : [],
    ...(platform === "node" ? { banner: { js: commonJsNames } } : {}),
    logLevel: "silent",
  });
  return result.outputFiles[0]?.text as string;
}
