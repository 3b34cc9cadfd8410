import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packageVersion } from "./version.ts";

test("signatures carry the version of package.json", () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  expect(packageVersion).toBe(version);
});
