import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: ["packages/*", "internal/*/vitest.config.ts"],
    maxWorkers: 2,
    reporters: ["default", "./internal/scripts/closing-line.mjs"],
  },
});
