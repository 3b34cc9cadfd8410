import { expect, test } from "vitest";
import { NumpyRandom } from "./numpy-random.ts";

// Printed by NumPy 2.4: r = default_rng(seed); r.integers(2, size=(2, 20), dtype=bool), then
// r.choice(7, size=12), then r.choice(3_000_000_000, size=4).
const expected = [
  {
    seed: 0,
    bits: "1111101001000001010000111001101111110011",
    small: [3, 1, 2, 0, 0, 0, 1, 5, 4, 6, 3, 4],
    large: [1896812393, 1630874973, 1679752336, 2805217270],
  },
  {
    seed: 12345,
    bits: "1011100110000011111111110100110110110001",
    small: [5, 2, 1, 5, 4, 4, 6, 2, 5, 2, 3, 4],
    large: [639429039, 560202556, 687406213, 2018268131],
  },
  {
    seed: 2 ** 40 + 7,
    bits: "0101010110000100011110110010110000000100",
    small: [4, 1, 0, 1, 3, 4, 6, 5, 0, 3, 4, 0],
    large: [1941714435, 111816019, 2089329328, 2703664598],
  },
];

test.each(expected)("draws what NumPy draws from seed $seed", ({ seed, bits, small, large }) => {
  const random = new NumpyRandom(seed);
  random.startBits();
  expect(Array.from(bits, () => random.bit()).join("")).toBe(bits);
  expect(small.map(() => random.integer(7))).toEqual(small);
  expect(large.map(() => random.integer(3_000_000_000))).toEqual(large);
});

test("one segment to choose from draws nothing", () => {
  const [left, right] = [new NumpyRandom(1), new NumpyRandom(1)];
  expect(left.integer(1)).toBe(0);
  expect(left.integer(1000)).toBe(right.integer(1000));
});
