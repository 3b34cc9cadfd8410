import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * Bundles a file of this folder for a page, as a user's bundler would: from the built packages, with
 * code splitting. Returns path -> content; the entry is `/<name>.js`.
 */
export async function bundleForPage(entry: string): Promise<Record<string, string>> {
  const folder = dirname(fileURLToPath(import.meta.url));
  const result = await build({
    entryPoints: [join(folder, entry)],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    outdir: "/",
    write: false,
    logLevel: "silent",
  });
  return Object.fromEntries(result.outputFiles.map(({ path, text }) => [path, text]));
}
