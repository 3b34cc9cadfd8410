import { defineProject } from "vitest/config";

/**
 * The vitest settings of every package: siblings resolve to their sources, so tests need no build
 * (but for the WASM bytes of `@seq/kernels`).
 *
 * @param {string} name
 */
export function testProject(name) {
  return defineProject({
    resolve: { conditions: ["@seq/source", "module", "import", "default"] },
    ssr: { resolve: { conditions: ["@seq/source", "module", "import", "default", "node"] } },
    test: {
      name,
      include: ["src/**/*.test.ts", "test/**/*.test.ts"],
      testTimeout: 120_000,
      hookTimeout: 120_000,
    },
  });
}
