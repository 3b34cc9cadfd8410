/** Bundles a test's program for another process or thread of Node, siblings from their sources. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** What the CommonJS builds of tfjs expect of their surroundings, in an ES module. */
const commonJsNames = `
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const __filename = require("node:url").fileURLToPath(import.meta.url);
const __dirname = require("node:path").dirname(__filename);`;

/**
 * @param entry - the file, `new URL("...", import.meta.url)`.
 * @returns the code.
 */
export async function bundle(entry: URL): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    conditions: ["@seq/source"],
    target: "es2022",
    banner: { js: commonJsNames },
    logLevel: "silent",
  });
  return result.outputFiles[0]?.text as string;
}
