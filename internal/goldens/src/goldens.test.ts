import { relative } from "node:path";
import { sharedPath } from "@seq-internal/test-utils";
import { describe, expect, test } from "vitest";
import { listJsonFiles, readOracle } from "./files.ts";
import { runOracleFile } from "./run.ts";

for (const folder of ["goldens", "data/tokenizers/expected"]) {
  describe(folder, () => {
    const root = sharedPath(folder);
    const files = listJsonFiles(root).filter((path) => readOracle(path) !== undefined);
    test.each(files.map((path) => relative(root, path)))("%s", async (name) => {
      const verdict = await runOracleFile(`${root}/${name}`);
      expect(verdict?.kind, JSON.stringify(verdict)).toBe("pass");
    });
  });
}
