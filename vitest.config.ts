import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: ["packages/*", "internal/*/vitest.config.ts"],
    maxWorkers: 2,
    // Our libraries never print: a test that does, fails in review.
    reporters: ["default"],
  },
});
