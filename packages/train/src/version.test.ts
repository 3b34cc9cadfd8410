import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { writer } from "./version.ts";

test("saved files name this package and its version", () => {
  const { name, version } = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  ) as { name: string; version: string };
  expect(writer).toBe(`${name} ${version}`);
});
