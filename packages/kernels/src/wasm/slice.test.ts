import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { loadKernels } from "../load.ts";

/** A tensor of 0, 1, 2, ... (booleans: by parity) and a block inside it. */
const blocks = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 })
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      ends: fc.tuple(...shape.map((size) => fc.tuple(fc.nat(size - 1), fc.nat(size - 1)))),
      dtype: fc.constantFrom("float32" as const, "int32" as const, "bool" as const),
    }),
  );

function counting(shape: number[], dtype: "float32" | "int32" | "bool"): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  const numbers = Array.from({ length: size }, (_, i) => (dtype === "bool" ? i % 2 : i + 1));
  return tf.tensor(numbers, shape, dtype);
}

/** Index arithmetic: what a block holds. */
function expectedBlock(shape: number[], begin: number[], size: number[], bool: boolean): number[] {
  const found: number[] = [];
  const visit = (axis: number, at: number): void => {
    if (axis === shape.length) found.push(bool ? at % 2 : at + 1);
    else {
      for (let i = 0; i < (size[axis] as number); i++) {
        visit(axis + 1, at * (shape[axis] as number) + (begin[axis] as number) + i);
      }
    }
  };
  visit(0, 0);
  return found;
}

describe("slices on WASM", () => {
  beforeAll(() => loadKernels());

  test("a block holds what index arithmetic says, for any rank, place and type", () => {
    fc.assert(
      fc.property(blocks, ({ shape, ends, dtype }) => {
        tf.tidy(() => {
          const begin = ends.map(([a, b]) => Math.min(a, b));
          const size = ends.map(([a, b], k) => Math.max(a, b) - (begin[k] as number) + 1);
          const block = tf.slice(counting(shape, dtype), begin, size);
          expect(block.shape).toEqual(size);
          expect(block.dtype).toBe(dtype);
          const expected = expectedBlock(shape, begin, size, dtype === "bool");
          expect(Array.from(block.dataSync())).toEqual(expected);
        });
      }),
    );
  });

  test("unstacking and splitting along any axis, and stacking again, give the tensor back", () => {
    fc.assert(
      fc.property(blocks, fc.nat(4), ({ shape, dtype }, pick) => {
        tf.tidy(() => {
          const axis = pick % shape.length;
          const x = counting(shape, dtype);
          const whole = Array.from(x.dataSync());
          expect(Array.from(tf.stack(tf.unstack(x, axis), axis).dataSync())).toEqual(whole);
          const ones = (shape[axis] as number) > 1 ? [1, (shape[axis] as number) - 1] : [1];
          const parts = tf.split(x, ones, axis);
          expect(parts.map((part) => part.shape[axis])).toEqual(ones);
          expect(Array.from(tf.concat(parts, axis).dataSync())).toEqual(whole);
        });
      }),
    );
  });

  test("gradients flow back to their place", () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const gradient = tf.grad((t: tf.Tensor) => {
      const [a, , c] = tf.unstack(t, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return tf.sum(tf.add(tf.mul(a, 2), tf.mul(c, tf.reshape(tf.slice(t, [0, 1], [2, 1]), [2]))));
    })(x);
    expect(Array.from(gradient.dataSync())).toEqual([2, 3, 2, 2, 6, 5]);
  });

  test("empty blocks, sizes of -1 and strings work as before", () => {
    expect(tf.slice(tf.zeros([3, 2]), [1, 0], [0, 2]).shape).toEqual([0, 2]);
    expect(Array.from(tf.slice(counting([2, 3], "float32"), [1, 1], [-1, -1]).dataSync())).toEqual([
      5, 6,
    ]);
    expect(tf.slice(tf.tensor1d(["a", "b", "c"]), 1, 2).dataSync()).toEqual(["b", "c"]);
  });

  test("a block outside the tensor is refused", () => {
    expect(() => tf.slice(tf.zeros([3]), 2, 2)).toThrow();
  });

  test("NaN payloads survive: numbers move as bits", () => {
    const bits = Float32Array.from([1, 2]);
    new Uint32Array(bits.buffer)[1] = 0x7fc12345;
    const moved = tf.slice(tf.tensor1d(bits), 1, 1).dataSync() as Float32Array;
    expect(new Uint32Array(moved.slice().buffer)[0]).toBe(0x7fc12345);
  });
});
