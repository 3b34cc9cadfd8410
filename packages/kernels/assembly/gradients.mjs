/**
 * Bundles the gradients of tfjs-core into one module that exports `gradConfigs`.
 *
 * tfjs registers gradients in `dist/register_all_gradients.js`, which its Node build lacks and which
 * plain Node cannot import (its imports have no file extensions). Here every op that the public API
 * exports stays an import of `@tensorflow/tfjs-core`; only the gradient formulas themselves, and the few
 * helpers that are not public, go into the bundle.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { build } from "esbuild";

const require = createRequire(import.meta.url);
const core = join(dirname(require.resolve("@tensorflow/tfjs-core/package.json")), "dist");
const entry = join(core, "register_all_gradients.js");

/** @returns {Promise<string>} the bundle's text */
export async function bundleGradients() {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    legalComments: "none",
    minifySyntax: true,
    minifyWhitespace: true,
    external: ["@tensorflow/tfjs-core"],
    plugins: [publicImports],
  });
  return `// Gradients of @tensorflow/tfjs-core ${tf.version_core} (Apache-2.0, Google LLC), bundled.\n${result.outputFiles[0].text}`;
}

const publicImports = {
  name: "public-imports",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\./ }, ({ path, resolveDir, kind }) => {
      if (kind === "entry-point") return undefined;
      const file = `${resolve(resolveDir, path)}.js`;
      if (file === join(core, "engine.js")) return { path: file, namespace: "engine" };
      if (/\/util(_base)?\.js$/.test(file)) return { path: file, namespace: "util" };
      const names = exportedNames(file);
      const isPublic = names.length > 0 && names.every((name) => name in tf);
      return isPublic ? { path: file, namespace: "public" } : { path: file };
    });
    onLoad({ filter: /.*/, namespace: "public" }, ({ path }) => ({
      contents: `export { ${exportedNames(path).join(", ")} } from "@tensorflow/tfjs-core";`,
      resolveDir: core,
    }));
    onLoad({ filter: /.*/, namespace: "engine" }, () => ({
      contents: `import { engine } from "@tensorflow/tfjs-core"; export const ENGINE = engine();`,
      resolveDir: core,
    }));
    onLoad({ filter: /.*/, namespace: "util" }, () => ({
      contents: `import { util } from "@tensorflow/tfjs-core"; export const { ${Object.keys(tf.util).join(", ")} } = util;`,
      resolveDir: core,
    }));
    // The entry itself: export the list instead of registering it at import.
    onLoad({ filter: /register_all_gradients\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(
        /for \(const gradientConfig of gradConfigs\) \{[^}]*\}/,
        "export { gradConfigs };",
      ),
      resolveDir: core,
    }));
  },
};

function exportedNames(file) {
  const text = readFileSync(file, "utf8");
  const names = [...text.matchAll(/^export (?:async )?(?:const|function|class|let) (\w+)/gm)];
  const listed = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list]) =>
    list.split(",").map((item) => item.trim().split(/ as /).at(-1).trim()),
  );
  return [...new Set([...names.map(([, name]) => name), ...listed.filter(Boolean)])];
}
