import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "./packages.ts";

/** What each example prints last, as its README says. */
const lastLines: Readonly<Record<string, string>> = {
  "tokenizer-only": "the text came back whole",
};

const folder = join(repository, "examples");
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "package.json")));

test.each(names)("the example %s runs to its end", (name) => {
  const built = join(folder, name, "dist/main.js");
  const printed = execFileSync(process.execPath, [built], { encoding: "utf8" });
  expect(printed.trim().split("\n").at(-1)).toBe(lastLines[name]);
});
