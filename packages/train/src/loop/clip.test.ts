import { readFileSync } from "node:fs";
import { loadKernels } from "@seq/kernels";
import { sharedPath } from "@seq-internal/test-utils";
import { tensor } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { clipCoefficient, clipGradientNorm, clipGradientValue } from "./clip.ts";

beforeAll(() => loadKernels({ backend: "cpu" }));

interface TorchTensor {
  readonly shape: number[];
  readonly data: (number | string)[];
}
interface TorchCase {
  readonly op: string;
  readonly max_norm: number;
  readonly norm_type: number | "inf";
  readonly error_if_nonfinite: boolean;
  readonly clip_value: number;
  readonly grads: readonly TorchTensor[];
  readonly expect: {
    readonly total_norm?: number | string;
    readonly grads: readonly TorchTensor[];
    readonly error?: string;
  };
}

const { cases } = JSON.parse(readFileSync(sharedPath("goldens/torch/clip_grad.json"), "utf8")) as {
  cases: readonly TorchCase[];
};

describe("torch's clipping", () => {
  test.each(cases.map((c, i) => [i, c.op, c] as const))("case %i: %s", (_i, _op, c) => {
    const gradients = c.grads.map(({ shape, data }) => tensor(data.map(Number), shape));
    if (c.op === "clip_grad_value_") {
      check(clipGradientValue(gradients, c.clip_value));
      return;
    }
    const normType = c.norm_type === "inf" ? Number.POSITIVE_INFINITY : c.norm_type;
    const options = { maxNorm: c.max_norm, normType, refuseNonFinite: c.error_if_nonfinite };
    if (c.expect.error !== undefined) {
      expect(() => clipGradientNorm(gradients, options)).toThrow(
        /^clipGradientNorm: the gradients' norm is (NaN|Infinity); it cannot be clipped\.$/,
      );
      return;
    }
    const clipped = clipGradientNorm(gradients, options);
    close(clipped.norm, Number(c.expect.total_norm));
    check(clipped.gradients);

    function check(tensors: readonly { dataSync(): ArrayLike<number> }[]): void {
      tensors.forEach((t, i) => {
        const expected = c.expect.grads[i]!.data.map(Number);
        Array.from(t.dataSync()).forEach((value, k) => {
          close(value, expected[k]!);
        });
      });
    }
  });

  function close(value: number, expected: number): void {
    if (Number.isFinite(expected)) expect(Math.abs(value - expected)).toBeLessThan(1e-6);
    else expect(value).toBe(expected);
  }
});

describe("clipCoefficient", () => {
  test("leaves small gradients alone, brings large ones to the limit, and passes NaN on", () => {
    expect(clipCoefficient(0.5, 1)).toBe(1);
    expect(clipCoefficient(10, 1)).toBe(1 / (10 + 1e-6));
    expect(clipCoefficient(Number.POSITIVE_INFINITY, 1)).toBe(0);
    expect(clipCoefficient(Number.NaN, 1)).toBeNaN();
  });
});
