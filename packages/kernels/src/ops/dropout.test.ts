import { Rng } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { loadKernels } from "../load.ts";
import { dropoutBits, referenceDropoutMask } from "../reference/dropout.ts";
import { dropout } from "./dropout.ts";

describe.each(["cpu", "wasm"] as const)("dropout on %s", (backend) => {
  beforeAll(async () => {
    await loadKernels({ backend, threads: 1 });
  });

  test("the mask is the reference's, at sizes of all remainders; backward uses it again", () => {
    for (const size of [1, 2, 3, 4, 5, 17, 33, 40_001]) {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const words = new Rng(size);
        const mask = referenceDropoutMask(size, {
          key0: words.nextUint32(),
          key1: words.nextUint32(),
          keep: 0.75 * 2 ** 32,
          scale: 1 / 0.75,
        });
        const { value, grad } = tf.valueAndGrad((x) => {
          const y = dropout(x, 0.25, new Rng(size));
          expect([...y.dataSync()]).toEqual([...mask].map((m) => Math.fround(2 * m)));
          return tf.sum(y);
        })(tf.fill([size], 2));
        expect(value.shape).toEqual([]);
        expect([...grad.dataSync()]).toEqual([...mask]);
      });
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  test("rate 0 copies and draws nothing, rate 1 gives zeros", () => {
    const rng = new Rng(1);
    const state = rng.state;
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    expect([...dropout(x, 0, rng).dataSync()]).toEqual([1, 2, 3, 4]);
    expect(rng.state).toEqual(state);
    expect([...dropout(x, 1, rng).dataSync()]).toEqual([0, 0, 0, 0]);
  });

  test("a dropped value is 0 whatever it was", () => {
    const y = dropout(tf.fill([64], 1e38), 0.9, new Rng(3)).dataSync();
    expect(new Set(y).size).toBe(2);
  });

  test("a rate outside 0..1 is refused", () => {
    expect(() => dropout(tf.ones([2]), 1.5, new Rng(0))).toThrow(
      "dropout: rate is 1.5, expected a finite number from 0 to 1.",
    );
  });
});

describe("the bits of dropout", () => {
  const n = 1 << 16;
  const stream = (key0: number, key1: number) =>
    Uint32Array.from({ length: n }, (_, i) => dropoutBits(i, key0, key1));

  test("every one of the 32 bits is set half of the time, within 5 standard deviations", () => {
    for (const [key0, key1] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [0xdeadbeef, 0x12345678],
    ] as const) {
      const bits = stream(key0, key1);
      for (let b = 0; b < 32; b++) {
        const ones = bits.reduce((count, word) => count + ((word >>> b) & 1), 0);
        expect(Math.abs(ones - n / 2), `key ${key0},${key1} bit ${b}`).toBeLessThan(
          5 * Math.sqrt(n / 4),
        );
      }
    }
  });

  test("neighbours, and streams of neighbouring keys, are independent (chi-square over 16 x 16 cells)", () => {
    const chiSquare = (a: Uint32Array, b: (i: number) => number) => {
      const cells = new Int32Array(256);
      for (let i = 0; i < n; i++) cells[((a[i] as number) >>> 28) * 16 + (b(i) >>> 28)]!++;
      const expected = n / 256;
      return cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    };
    const bits = stream(7, 9);
    const others = [stream(8, 9), stream(7, 10), stream(7 + 0x9e3779b1, 9), stream(9, 7)];
    for (const lag of [1, 2, 4, 64, 1024]) {
      expect(
        chiSquare(bits, (i) => bits[(i + lag) % n] as number),
        `lag ${lag}`,
      ).toBeLessThan(370); // mean 255, deviation 22.6
    }
    others.forEach((other, which) => {
      expect(
        chiSquare(bits, (i) => other[i] as number),
        `stream ${which}`,
      ).toBeLessThan(370);
    });
  });

  test("a key is no shift of another with the same second word", () => {
    const a = stream(7, 9);
    const b = stream(7 + 0x9e3779b1, 10); // the counter one further, another second word
    let equal = 0;
    for (let i = 1; i < n; i++) if (a[i] === b[i - 1]) equal++;
    expect(equal).toBeLessThan(10);
  });
});
