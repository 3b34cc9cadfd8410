/**
 * Makes `src/generated/`: everything that is compiled or inlined, never edited and never committed.
 *
 *   kernels-simd.ts, kernels-relaxed.ts   our AssemblyScript kernels, two builds of one source
 *   tfjs-simd.ts                          tfjs's own SIMD module of the installed version
 *   tfjs-gradients.js                     the gradients that tfjs-core leaves out of its ESM and Node builds
 *
 * Bytes are gzipped and base64-encoded; `src/backend/inline.ts` decodes them.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { compileKernels } from "./compile.mjs";
import { bundleGradients } from "./gradients.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const generated = join(here, "../src/generated");
const require = createRequire(import.meta.url);

mkdirSync(generated, { recursive: true });

for (const build of ["simd", "relaxed"]) {
  write(`kernels-${build}.ts`, inlined(await compileKernels(build)));
}

const tfjs = dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
const { version } = JSON.parse(readFileSync(join(tfjs, "package.json"), "utf8"));
const module = readFileSync(join(tfjs, "dist/tfjs-backend-wasm-simd.wasm"));
write(
  "tfjs-simd.ts",
  `${inlined(module)}/** The release of @tensorflow/tfjs-backend-wasm these bytes belong to. */\nexport const version = "${version}";\n`,
);

write("tfjs-gradients.js", await bundleGradients());
write(
  "tfjs-gradients.d.ts",
  `import type { GradConfig } from "@tensorflow/tfjs-core";\nexport declare const gradConfigs: readonly GradConfig[];\n`,
);

function inlined(bytes) {
  const text = gzipSync(bytes, { level: 9 }).toString("base64");
  return `/** ${bytes.length} bytes of WebAssembly, gzipped, base64. */\nexport const bytes =\n  "${text}";\n`;
}

/** Whole or not at all: a test that runs meanwhile sees the old file or the new one. */
function write(name, text) {
  const path = join(generated, name);
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}
