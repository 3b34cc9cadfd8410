/** Every op on every backend: same values, same gradients; and the table of that in docs/. */
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { inputsOf, type OpCase, opCases } from "../test/op-cases.ts";
import { expectClose } from "../test/values.ts";
import { loadKernels } from "./load.ts";

const tasks = vi.hoisted(() => ({ count: 0 }));
vi.mock("./backend/tasks.ts", async (original) => {
  const actual = await original<typeof import("./backend/tasks.ts")>();
  const runTask = (chunks: number) => {
    tasks.count++;
    actual.runTask(chunks);
  };
  return { ...actual, runTask };
});

const table = fileURLToPath(new URL("../../../docs/op-backend-table.md", import.meta.url));
const rows: string[][] = [["op", "on cpu", "on wasm", "gradients"]];
beforeAll(() => loadKernels({ backend: "wasm", threads: 1, simd: "exact" }));
afterAll(() => loadKernels({ backend: "wasm" }));

interface Ran {
  readonly values: Float32Array[];
  readonly gradients: Float32Array[];
  /** Names of tfjs kernels that ran. */
  readonly kernels: string[];
  /** True when a kernel of our module ran. */
  readonly isOurs: boolean;
}

async function run(op: OpCase, backend: "cpu" | "wasm"): Promise<Ran> {
  await loadKernels({ backend });
  const before = tf.memory().numTensors;
  tasks.count = 0;
  const values: Float32Array[] = [];
  const gradients: Float32Array[] = [];
  const { kernelNames } = await tf.profile(() => {
    tf.tidy(() => {
      const inputs = inputsOf(op);
      for (const output of op.run(...inputs)) values.push(output.dataSync() as Float32Array);
      if (op.inputs.length === 0) return;
      const total = (...x: tf.Tensor[]) =>
        tf.addN(op.run(...x).map((output, i) => tf.sum(tf.mul(tf.square(output), i + 1))));
      for (const gradient of tf.grads(total as never)(inputs)) {
        gradients.push(gradient.dataSync() as Float32Array);
      }
    });
    return [];
  });
  expect(tf.memory().numTensors, "tensors left behind").toBe(before);
  return { values, gradients, kernels: kernelNames, isOurs: tasks.count > 0 };
}

/** tfjs's names for what the measurement itself runs, and for functions without a name. */
const bookkeeping =
  /^(Identity|Reshape|Sum|Square|Multiply|AddN|Cast|Fill|forward|unnamed scope|Abs|Add|Softmax)$/;

function pathWithoutOurs({ kernels }: Ran): string {
  return kernels.some((name) => !bookkeeping.test(name)) ? "tfjs ops" : "reference";
}

function wasmPath(ran: Ran): string {
  const { kernels, isOurs } = ran;
  if (!isOurs) return pathWithoutOurs(ran);
  const names = [...new Set(kernels)].filter((name) => name.startsWith("Seq"));
  return names.length > 0 ? `kernel ${names.map((name) => `\`${name}\``).join(", ")}` : "kernel";
}

/** The lines of a Markdown table, its columns aligned as the formatter does. */
function alignedTable(cells: string[][]): string[] {
  const widths = (cells[0] as string[]).map((_, column) =>
    Math.max(...cells.map((row) => (row[column] as string).length)),
  );
  const [header, ...body] = cells.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [header as string, rule, ...body];
}

describe("the table of ops and backends", () => {
  test.each(opCases.map((op) => [op.name, op] as const))(
    "%s is the same on cpu and wasm",
    async (name, op) => {
      const [cpu, wasm] = [await run(op, "cpu"), await run(op, "wasm")];
      wasm.values.forEach((values, i) => {
        expectClose(values, cpu.values[i] as Float32Array, 1e-5, `output ${i}`);
      });
      wasm.gradients.forEach((gradient, i) => {
        expectClose(
          gradient,
          cpu.gradients[i] as Float32Array,
          1e-4,
          `gradient of ${op.inputs[i]}`,
        );
        expect(
          gradient.some((value) => value !== 0),
          `gradient of ${op.inputs[i]} is 0`,
        ).toBe(true);
      });
      const gradients = op.inputs.length > 0 ? op.inputs.join(", ") : "none: not differentiated";
      rows.push([name, pathWithoutOurs(cpu), wasmPath(wasm), gradients]);
    },
  );

  test("docs/op-backend-table.md is what these tests found", async () => {
    expect(rows.length).toBe(1 + opCases.length);
    const text = [
      "# Ops and backends",
      "",
      "Written by `packages/kernels/src/op-table.test.ts` (`vitest run -u` after a change). Every row was run on both",
      "backends: outputs agree within 1e-5, gradients within 1e-4, and no tensor was left behind.",
      "",
      "- kernel: our SIMD module, in place on tfjs's heap; the names are those of kernels registered with tfjs.",
      "- tfjs ops: a composition of tfjs's own operations.",
      "- reference: plain TypeScript in float64 (`packages/kernels/src/reference`).",
      "",
      ...alignedTable(rows),
      "",
    ].join("\n");
    await expect(text).toMatchFileSnapshot(table);
  });
});
