/**
 * The one tsup configuration of all packages: ESM, types, source maps, one bundle per entry.
 *
 * @param {Record<string, string> | string[]} entry - entry points; default `src/index.ts`.
 * @param {import("tsup").Options} [overrides]
 * @returns {import("tsup").Options}
 */
export function library(entry = ["src/index.ts"], overrides = {}) {
  return {
    entry,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    dts: true,
    sourcemap: true,
    clean: true,
    treeshake: true,
    splitting: true,
    silent: true,
    // Node built-ins stay imports (`node:fs`): only Node-only entries use them.
    external: [/^node:/],
    // tsup would write `os` for `node:os`, which bundlers for the page look for among npm's packages.
    removeNodeProtocol: false,
    ...overrides,
  };
}
