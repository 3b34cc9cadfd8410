import { loadKernels } from "@seq/kernels";
import { beforeAll, describe, expect, test } from "vitest";
import { packFiles, unpackFiles } from "./pack-files.ts";
import { saveWeights } from "./weights.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

describe("one file", () => {
  test("packs a checkpoint's files and gives them back", () => {
    const files = new Map([
      ["state.json", new TextEncoder().encode("{}")],
      ["files/__proto__", new Uint8Array(0)],
      ["weights.safetensors", new Uint8Array([1, 2, 3])],
    ]);
    expect(unpackFiles(packFiles(files))).toEqual(files);
    expect(() => unpackFiles(saveWeights(new Map()), "x")).toThrow(
      'x: a safetensors file without "format": "seq-files"; expected one that packFiles wrote.',
    );
  });
});
