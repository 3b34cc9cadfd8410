/**
 * Refuses what a linter rule cannot express: default exports in library sources, `Math.random` anywhere,
 * `export *` in an index, and tfjs backend internals outside the one file that may touch them.
 */
import { readFileSync } from "node:fs";
import { globSync } from "./files.mjs";

const rules = [
  {
    pattern: /^export default /m,
    files: /^packages\/[^/]+\/src\//,
    message: "default export; use a named one",
  },
  {
    pattern: /^export \* from/m,
    files: /^packages\/[^/]+\/src\//,
    message: "export *; list the names",
  },
  {
    pattern: /Math\.random\(/,
    files: /^(packages|examples)\//,
    message: "Math.random; pass an Rng",
  },
  {
    pattern: /dataIdMap|wasm\.asm\b|wasmMemory/,
    files: /^packages\/(?!kernels\/src\/backend)/,
    message: "touches a tfjs backend's internals; only packages/kernels/src/backend may",
  },
];

let found = 0;
for (const path of globSync(["packages", "examples"])) {
  const text = readFileSync(path, "utf8");
  for (const { pattern, files, message } of rules) {
    if (files.test(path) && pattern.test(text)) {
      console.error(`${path}: ${message}.`);
      found++;
    }
  }
}
process.exitCode = found > 0 ? 1 : 0;
