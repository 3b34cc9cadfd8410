/** The README's examples, run as they stand there. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as core from "@seq/core";
import * as kernels from "@seq/kernels";
import { sharedPath } from "@seq-internal/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import * as cells from "../src/index.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] as string);

/** Runs lines of an example with the packages' names in scope; gives what its expression returns. */
async function run(lines: string, scope: object, result: string): Promise<unknown> {
  const body = lines.replace(/^import .*$/gm, "");
  const names = Object.keys(scope);
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  const example = new AsyncFunction(...names, `${body}\nreturn ${result};`);
  return example(...Object.values(scope));
}

const scope = { ...core, ...kernels, ...cells, tf };

test("the first example gives the shapes that its comments say", async () => {
  const example = blocks[0] as string;
  const shapes = example
    .split("\n")
    .filter((line) => / \/\/ \[/.test(line))
    .map((line) => {
      const [expression, comment] = line.split("; // ") as [string, string];
      return { expression, shape: JSON.parse(comment.slice(0, comment.indexOf("]") + 1)) };
    });
  expect(shapes.length).toBe(2);
  for (const { expression, shape } of shapes) {
    expect(await run(example, scope, expression)).toEqual(shape);
  }
});

test("the second example loads PyTorch's weights and saves them again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "seq-cells-"));
  const names = {
    readFile: (name: string) => readFile(sharedPath(`goldens/torch/files/${name}`)),
    writeFile: (name: string, data: Uint8Array) => writeFile(join(folder, name), data),
  };
  await kernels.loadKernels();
  await run(blocks[1] as string, { ...scope, ...names }, "bilstm");
  expect(existsSync(join(folder, "bilstm2.safetensors"))).toBe(true);
  const saved = cells.readStateDict(readFileSync(join(folder, "bilstm2.safetensors")));
  const original = cells.readStateDict(readFileSync(sharedPath("goldens/torch/files/bilstm2.pt")));
  for (const [name, entry] of saved) {
    expect(core.entryToFloat32(entry)).toEqual(core.entryToFloat32(original.get(name) as never));
  }
  rmSync(folder, { recursive: true });
});
