import { dirname } from "node:path";
import * as core from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import { expect, test } from "vitest";
import * as tokenizers from "../src/index.ts";
// @ts-expect-error: plain JavaScript, so that it also runs without a build step
import { fuzz } from "./fuzz.mjs";

test("1,500 mutated files are read or refused with a FormatError", () => {
  const shared = dirname(sharedPath("goldens"));
  const counts = fuzz(shared, { ...core, ...tokenizers }, { seed: 1, mutations: 1500 });
  expect(counts.read).toBeGreaterThan(250);
  expect(counts.refused).toBeGreaterThan(250);
});
