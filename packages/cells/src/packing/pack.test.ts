import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { expectClose, randomTensor, refusal, tensorsLeftBy, values } from "../../test/helpers.ts";
import { packPaddedSequence, packSequence } from "./pack.ts";
import { padPackedSequence, padSequence, unpackSequence } from "./pad.ts";

describe.each(["wasm", "cpu"] as const)("packing on %s", (backend) => {
  beforeAll(() => loadKernels({ backend }));

  test("the example of torch's documentation packs to data [4 1 3 5 2 6]", () => {
    const input = tf.tensor2d([
      [1, 2, 0],
      [3, 0, 0],
      [4, 5, 6],
    ]);
    using packed = packPaddedSequence(input, [2, 1, 3], { enforceSorted: false });
    expect(values(packed.data)).toEqual([4, 1, 3, 5, 2, 6]);
    expect([...packed.batchSizes]).toEqual([3, 2, 1]);
    expect([...(packed.sortedIndices ?? [])]).toEqual([2, 0, 1]);
    expect([...(packed.unsortedIndices ?? [])]).toEqual([1, 2, 0]);
    expect([...packed.lengths]).toEqual([2, 1, 3]);
  });

  test("lengths 9 8 6 4 3 2 have batch sizes 6 6 5 4 3 3 2 2 1", () => {
    using packed = packPaddedSequence(tf.zeros([6, 9]), [9, 8, 6, 4, 3, 2]);
    expect([...packed.batchSizes]).toEqual([6, 6, 5, 4, 3, 3, 2, 2, 1]);
    expect(packed.data.shape).toEqual([32]);
  });

  test("packing a list is packing its padded batch", () => {
    const sequences = [randomTensor(1, [2, 3]), randomTensor(2, [4, 3]), randomTensor(3, [1, 3])];
    using fromList = packSequence(sequences, { enforceSorted: false });
    const padded = padSequence(sequences);
    using fromPadded = packPaddedSequence(padded, [2, 4, 1], { enforceSorted: false });
    expect(values(fromList.data)).toEqual(values(fromPadded.data));
    expect(fromList.batchSizes).toEqual(fromPadded.batchSizes);
    expect(fromList.sortedIndices).toEqual(fromPadded.sortedIndices);
  });

  test("ids stay int32", () => {
    const ids = tf.tensor2d([7, 8, 9, 0], [2, 2], "int32");
    using packed = packPaddedSequence(ids, [2, 1]);
    expect(packed.data.dtype).toBe("int32");
    expect(values(packed.data)).toEqual([7, 9, 8]);
  });

  test("padding undoes packing for any lengths, features and order of axes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        (lengths, features, batchFirst) => {
          tf.tidy(() => {
            const sequences = lengths.map((n, i) => randomTensor(i, [n, features]));
            const padded = padSequence(sequences, { batchFirst, paddingValue: 9 });
            const packed = packPaddedSequence(padded, lengths, {
              batchFirst,
              enforceSorted: false,
            });
            const back = padPackedSequence(packed, { batchFirst, paddingValue: 9 });
            expect(values(back.padded)).toEqual(values(padded));
            expect([...back.lengths]).toEqual(lengths);
            unpackSequence(packed).forEach((sequence, i) => {
              expect(sequence.shape).toEqual([lengths[i], features]);
              expect(values(sequence)).toEqual(values(sequences[i]));
            });
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  test("the gradient reaches every true step and is 0 at the pads", () => {
    const input = randomTensor(4, [2, 3, 2]);
    const weights = randomTensor(5, [4, 2]);
    const gradient = tf.grad((x: tf.Tensor) => {
      const packed = packPaddedSequence(x, [1, 3], { enforceSorted: false });
      return tf.sum(tf.mul(packed.data, weights));
    })(input);
    const w = values(weights);
    // Row 1 is first in the packed order: its step 0, then row 0's step 0, then row 1's steps 1 and 2.
    expectClose(gradient, [w[2], w[3], 0, 0, 0, 0, w[0], w[1], w[4], w[5], w[6], w[7]] as number[]);
  });

  test("the gradient of padding picks each step out again", () => {
    const data = randomTensor(6, [3, 1]);
    const weights = tf.tensor3d([1, 2, 4, 8], [2, 2, 1]);
    const gradient = tf.grad((x: tf.Tensor) => {
      const packed = packPaddedSequence(tf.reshape(x, [1, 3, 1]), [3]).withData(x);
      const rows = padPackedSequence(packed, { totalLength: 4 }).padded;
      return tf.sum(tf.mul(tf.reshape(rows, [2, 2, 1]), weights));
    })(data);
    expect(values(gradient)).toEqual([1, 2, 4]);
  });

  test("nothing is left behind", () => {
    const input = randomTensor(7, [3, 4, 2]);
    const left = tensorsLeftBy(() => {
      using packed = packPaddedSequence(input, [4, 2, 2]);
      padPackedSequence(packed).padded.dispose();
      tf.dispose(unpackSequence(packed));
    });
    expect(left).toBe(0);
  });
});

describe("packing refuses", () => {
  beforeAll(() => loadKernels({ backend: "cpu" }));
  const input = () => tf.zeros([2, 3, 1]);

  test.each([
    [
      "lengths beyond time",
      () => packPaddedSequence(input(), [4, 1]),
      "LENGTHS packPaddedSequence: lengths[0] is 4, expected a whole number from 1 to 3 (time).",
    ],
    [
      "a length of zero",
      () => packPaddedSequence(input(), [2, 0]),
      "LENGTHS packPaddedSequence: lengths[1] is 0, expected a whole number from 1 to 3 (time).",
    ],
    [
      "too few lengths",
      () => packPaddedSequence(input(), [2]),
      "LENGTHS packPaddedSequence: 1 lengths for a batch of 2, expected one per row.",
    ],
    [
      "unsorted lengths",
      () => packPaddedSequence(input(), [1, 3]),
      "NOT_SORTED packPaddedSequence: lengths[1] = 3 follows 1, expected falling lengths; sort the batch or pass enforceSorted: false.",
    ],
    [
      "no sequences",
      () => packSequence([]),
      "EMPTY_BATCH packSequence: received no sequences, expected at least one.",
    ],
    [
      "sequences of different features",
      () => padSequence([tf.zeros([2, 3]), tf.zeros([2, 4])]),
      "SHAPE_MISMATCH padSequence: sequences[1] has shape [2, 4], expected [length, 3] (as sequences[0]).",
    ],
    [
      "a total length below the longest",
      () => padPackedSequence(packPaddedSequence(input(), [3, 1]), { totalLength: 2 }),
      "TOTAL_LENGTH padPackedSequence: totalLength is 2, expected at least 3 (the longest sequence).",
    ],
    [
      "a vector",
      () => packPaddedSequence(tf.zeros([3]), [1]),
      "SHAPE_MISMATCH packPaddedSequence: input has shape [3], expected [batch, time, ...].",
    ],
    [
      "unknown options",
      () => packPaddedSequence(input(), [3, 1], { sorted: true } as object),
      'UNKNOWN_OPTION packPaddedSequence: unknown option "sorted"; expected one of enforceSorted, batchFirst.',
    ],
  ])("%s", (_, body, message) => {
    expect(refusal(body)).toBe(message);
  });
});
