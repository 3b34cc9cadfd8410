import { execFileSync } from "node:child_process";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { build } from "esbuild";
import { afterAll, describe, expect, test } from "vitest";
import { randomValues } from "../../test/values.ts";
import { kernelInfo, loadKernels } from "../load.ts";
import { elmanSequence } from "../ops/elman.ts";
import { gruSequence } from "../ops/gru.ts";
import { lstmSequence } from "../ops/lstm.ts";

afterAll(async () => {
  await loadKernels({ backend: "wasm", threads: 1 });
});

/** Bits of outputs and all gradients of the three layers and of products, big enough to wake threads. */
function computeBits(): Uint32Array[] {
  const [batch, time, size] = [13, 6, 70];
  const lengths = Int32Array.from({ length: batch }, (_, i) => 1 + ((i * 5) % time));
  let bits: Uint32Array[] = [];
  tf.tidy(() => {
    const x = tf.tensor(randomValues(1, batch * time * size), [batch, time, size]);
    const zero = tf.zeros([batch, size]);
    const weights = (gates: number) => [
      tf.tensor(randomValues(2, gates * size * size, 0.2), [gates * size, size]),
      tf.tensor(randomValues(3, gates * size * size, 0.2), [gates * size, size]),
      tf.tensor(randomValues(4, gates * size), [gates * size]),
    ];
    const run = {
      4: (x: tf.Tensor, w: object) =>
        lstmSequence(x, { h: zero, c: zero }, w as never, { lengths }),
      3: (x: tf.Tensor, w: object) => gruSequence(x, { h: zero }, w as never, { lengths }),
      1: (x: tf.Tensor, w: object) => elmanSequence(x, { h: zero }, w as never, { lengths }),
    };
    const results = ([4, 3, 1] as const).flatMap((gates) =>
      tf.grads((x, weightIh, weightHh, biasIh) => {
        const { outputs } = run[gates](x as tf.Tensor, { weightIh, weightHh, biasIh });
        return tf.sum(tf.square(outputs));
      })([x, ...weights(gates)]),
    );
    const wide = tf.tensor(randomValues(5, 300 * 170), [300, 170]);
    results.push(
      tf.matMul(wide, wide, true),
      tf.matMul(wide, wide, false, true),
      tf.matMul(wide, tf.tensor(randomValues(6, 170 * 30), [170, 30])),
    );
    bits = results.map((tensor) => new Uint32Array((tensor.dataSync() as Float32Array).buffer));
  });
  return bits;
}

describe("threads", () => {
  test("results are the same bits for any number of threads", async () => {
    await loadKernels({ backend: "wasm", threads: 1 });
    const one = computeBits();
    for (const threads of [2, 3, 5]) {
      await loadKernels({ threads });
      expect(kernelInfo()).toMatchObject({ threads, sharedHeap: true });
      for (let round = 0; round < 5; round++) {
        computeBits().forEach((bits, i) => {
          expect(
            bits.every((word, k) => word === one[i]?.[k]),
            `result ${i}`,
          ).toBe(true);
        });
      }
    }
  });

  test("work goes on after the threads have gone to sleep", async () => {
    await loadKernels({ threads: 2 });
    const first = computeBits();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(computeBits()).toEqual(first);
  });

  test("a process with threads ends by itself", async () => {
    // Bundled beside the package's dependencies, because plain Node reads no TypeScript.
    const folder = join(import.meta.dirname, "../../node_modules/.cache/kernels-test");
    await build({
      stdin: {
        contents: `import { kernelInfo, linear, loadKernels } from "./index.ts";
          import { ones } from "@tensorflow/tfjs-core";
          await loadKernels({ threads: 3 });
          console.log(kernelInfo().threads, linear(ones([300, 300]), ones([300, 300])).dataSync()[0]);`,
        resolveDir: join(import.meta.dirname, ".."),
        loader: "ts",
      },
      ...{ bundle: true, format: "esm", platform: "node", conditions: ["@seq/source"] },
      external: ["@tensorflow/*"],
      splitting: true,
      outdir: folder,
      outExtension: { ".js": ".mjs" },
    });
    const out = execFileSync(process.execPath, [join(folder, "stdin.mjs")], {
      encoding: "utf8",
      timeout: 60_000,
    });
    expect(out).toBe("3 300\n");
  });
});
