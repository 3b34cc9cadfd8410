import { SeqError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { kernelInfo, loadKernels } from "./load.ts";

describe("loadKernels", () => {
  test("kernelInfo refuses to answer before the kernels are loaded", () => {
    expect(() => kernelInfo()).toThrow(
      "kernelInfo: the kernels are not loaded; await loadKernels() first.",
    );
  });

  test("an unknown option is refused by name", () => {
    expect(() => loadKernels({ treads: 2 } as object)).toThrow(
      'loadKernels: unknown option "treads"; expected one of backend, threads, simd.',
    );
    try {
      loadKernels({ backend: "webgl" as "wasm" });
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("OPTION_RANGE");
    }
  });

  test("one call starts tfjs on WASM, without a path, and leaves no process-wide handlers", async () => {
    const count = () =>
      process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection");
    const before = count();
    const info = await loadKernels();
    expect(info.backend).toBe("wasm");
    expect(tf.getBackend()).toBe("wasm");
    expect(kernelInfo()).toEqual(info);
    expect(count()).toBe(before);
  });

  test("concurrent and repeated calls give the same answer", async () => {
    const [a, b] = await Promise.all([loadKernels(), loadKernels()]);
    expect(a).toEqual(b);
  });

  test.each(["cpu", "wasm"] as const)(
    "gradients work on %s, gather's with repeated ids too",
    async (backend) => {
      expect((await loadKernels({ backend })).backend).toBe(backend);
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const table = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
        const ids = tf.tensor1d([0, 2, 2], "int32");
        const gradient = tf.grad((w) => tf.sum(tf.square(tf.gather(w, ids))))(table);
        expect([...gradient.dataSync()]).toEqual([2, 4, 0, 0, 20, 24]);
      });
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
