/** Bundles a test's program for another process or a page, siblings from their sources. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * @param entry - file beside this one.
 * @param outfile - for `"node"`; must not lie where a bare import would be needed: everything is bundled.
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
    ...(platform === "node"
      ? {
          banner: {
            js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
          },
        }
      : {}),
    logLevel: "silent",
  });
  return result.outputFiles[0]?.text as string;
}
