import {
  constantInitializer,
  ElmanCell,
  GRUCell,
  type Initializer,
  LSTM,
  LSTMCell,
} from "@seq/cells";
import { Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { cellPath } from "./cell-path.ts";
import {
  decayRate,
  linearGradientNorms,
  linearJacobians,
  scalarGradients,
} from "./closed-forms.ts";
import { deltaRecursion } from "./delta-recursion.ts";
import { gradientFlow } from "./gradient-flow.ts";
import { jacobians } from "./jacobians.ts";
import { frobeniusNorm, spectralNorm, spectralRadius } from "./matrices.ts";

beforeAll(async () => {
  await loadKernels({ backend: "cpu" });
});

const randomInput = (seed: number, shape: [number, number, number]) => {
  const rng = new Rng(seed);
  return tf.tensor(
    Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, () => rng.normal()),
    shape,
  );
};
const gaussian: Initializer = (rows, columns, rng) =>
  Float32Array.from({ length: rows * columns }, () => rng.normal() / Math.sqrt(columns));

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, relative: number): void {
  expect(got.length).toBe(expected.length);
  const scale = Math.max(...Array.from(expected, Math.abs), 1e-30);
  for (let i = 0; i < got.length; i++) {
    expect(Math.abs((got[i] as number) - (expected[i] as number)) / scale).toBeLessThan(relative);
  }
}

describe("gradientFlow", () => {
  test("is w to the distance times the slopes for one tanh unit", () => {
    const cell = new ElmanCell({
      inputSize: 1,
      hiddenSize: 1,
      rng: new Rng(1),
      initializer: constantInitializer(0.9),
    });
    const xs = randomInput(2, [1, 12, 1]);
    const { layers, time } = gradientFlow(cell, xs);
    const rows = Array.from(xs.dataSync(), (x) => [x]);
    const { slopes } = deltaRecursion(
      cell,
      rows,
      rows.map(() => undefined),
    );
    const expected = scalarGradients(
      cell.parameters.get("weight_hh")!.dataSync()[0]!,
      slopes.map(([s]) => s!),
    );
    expect(time).toBe(12);
    expectClose(layers[0]!["h"]!, expected.map(Math.abs), 1e-5);
    // Two steps written out: w² φ'(a_T) φ'(a_{T-1}).
    const w = cell.parameters.get("weight_hh")!.dataSync()[0]!;
    expect(layers[0]!["h"]![10]).toBeCloseTo(w * w * slopes[11]![0]! * slopes[10]![0]!, 6);
  });

  test("is the mean over rows of each row's own norm", () => {
    const cell = new GRUCell({ inputSize: 2, hiddenSize: 5, rng: new Rng(3) });
    const xs = randomInput(4, [3, 7, 2]);
    const together = gradientFlow(cell, xs).layers[0]!["h"]!;
    const apart = tf.split(xs, 3, 0).map((row) => gradientFlow(cell, row).layers[0]!["h"]!);
    const mean = together.map((_, t) => (apart[0]![t]! + apart[1]![t]! + apart[2]![t]!) / 3);
    expectClose(together, mean, 1e-5);
  });

  test("agrees with central differences of the state", () => {
    const cell = new LSTMCell({ inputSize: 2, hiddenSize: 3, rng: new Rng(5) });
    const xs = randomInput(6, [1, 5, 2]);
    const measured = gradientFlow(cell, xs).layers[0]!;
    const lossFrom = (c0: number[]) => {
      let state = { h: tf.zeros([1, 3]), c: tf.tensor2d([c0]) } as { h: tf.Tensor; c: tf.Tensor };
      for (const x of tf.unstack(xs, 1)) state = cell.step(x, state);
      return tf.sum(state.h).dataSync()[0]! / Math.sqrt(3);
    };
    const step = 1e-2;
    const differences = [0, 1, 2].map((k) => {
      const at = (delta: number) => lossFrom([0, 1, 2].map((j) => (j === k ? delta : 0)));
      return (at(step) - at(-step)) / (2 * step);
    });
    expect(measured["c"]![0]! / frobeniusNorm(differences)).toBeCloseTo(1, 2);
  });

  test("reports h and c of every layer of a stack, and leaves no tensor behind", () => {
    const layers = new LSTM({ inputSize: 2, hiddenSize: 4, numLayers: 2, rng: new Rng(7) });
    const xs = randomInput(8, [2, 6, 2]);
    const before = tf.memory().numTensors;
    const flow = gradientFlow(layers, xs);
    expect(tf.memory().numTensors).toBe(before);
    expect(flow.layers.map((layer) => Object.keys(layer))).toEqual([
      ["h", "c"],
      ["h", "c"],
    ]);
    expect(flow.layers[1]!["h"]![6]).toBeCloseTo(1, 5); // the default loss starts the curve at 1
    expect(flow.layers[0]!["h"]![6]).toBe(0); // the lower layer's last h has been read already
    expect(flow.layers[0]!["h"]![5]).toBeGreaterThan(0);
  });

  test("takes a loss of one's own", () => {
    const cell = new ElmanCell({ inputSize: 1, hiddenSize: 2, rng: new Rng(9) });
    const xs = randomInput(10, [1, 3, 1]);
    const { layers } = gradientFlow(cell, xs, { loss: (h) => tf.mul(tf.sum(h), 5) as tf.Scalar });
    expect(layers[0]!["h"]![3]).toBeCloseTo(5 * Math.SQRT2, 5);
  });

  test("refuses input of another size and layers that read from the end", () => {
    const cell = new ElmanCell({ inputSize: 2, hiddenSize: 2, rng: new Rng(1) });
    expect(() => gradientFlow(cell, randomInput(1, [1, 3, 1]))).toThrowError(
      "gradientFlow: xs has shape [1, 3, 1], expected [batch, time, 2] (inputSize).",
    );
    const both = new LSTM({ inputSize: 2, hiddenSize: 2, bidirectional: true, rng: new Rng(1) });
    expect(() => gradientFlow(both, randomInput(1, [1, 3, 2]))).toThrowError(
      expect.objectContaining({ code: "BIDIRECTIONAL" }),
    );
  });
});

describe("a network without nonlinearity", () => {
  const linear = (seed: number, radius: number, size = 6) => {
    const cell = new ElmanCell({
      inputSize: 2,
      hiddenSize: size,
      rng: new Rng(seed),
      nonlinearity: "identity",
      initializer: gaussian,
    });
    const weight = cell.parameters.get("weight_hh")!;
    const scale = radius / spectralRadius(weight.dataSync(), size);
    weight.assign(tf.mul(weight, scale));
    return cell;
  };

  test("has the Jacobians V to the distance", () => {
    const cell = linear(11, 0.9, 4);
    const v = cell.parameters.get("weight_hh")!.dataSync();
    const measured = jacobians(cell, randomInput(12, [1, 8, 2]));
    const expected = linearJacobians(v, 4, 8);
    for (const [t, matrix] of measured.matrices.entries()) expectClose(matrix, expected[t]!, 1e-5);
    expect(measured.frobenius[8]).toBeCloseTo(2, 6);
    expect(measured.spectral[8]).toBeCloseTo(1, 6);
  });

  test.each([0.8, 1.2])(
    "lets gradients fall or grow by its spectral radius %s per step, within 1 percent",
    (radius) => {
      const cell = linear(13, radius);
      const { layers } = gradientFlow(cell, randomInput(14, [1, 150, 2]));
      const { slope, rate } = decayRate(layers[0]!["h"]!, 40);
      expect(Math.abs(slope / Math.log(radius) - 1)).toBeLessThan(0.01);
      expect(rate).toBeCloseTo(radius, 2);
      const v = cell.parameters.get("weight_hh")!.dataSync();
      const exact = decayRate(linearGradientNorms(v, 6, 150), 40);
      expect(Math.abs(exact.slope / Math.log(radius) - 1)).toBeLessThan(0.01);
    },
  );

  test("carries the first input to step n as V^(n-1) W x", () => {
    const cell = linear(15, 0.9, 4);
    const n = 6;
    const [w, v] = ["weight_ih", "weight_hh"].map(
      (name) => cell.parameters.get(name)!,
    ) as unknown as [tf.Tensor2D, tf.Tensor2D];
    const x = tf.tensor2d([[0.5, -2]]);
    const run = (first: tf.Tensor2D) => {
      let state = cell.zeroState(1);
      for (let t = 0; t < n; t++) state = cell.step(t === 0 ? first : tf.zeros([1, 2]), state);
      return state.h;
    };
    let expected = tf.matMul(w, x, false, true);
    for (let k = 1; k < n; k++) expected = tf.matMul(v, expected);
    expectClose(tf.sub(run(x), run(tf.zeros([1, 2]))).dataSync(), expected.dataSync(), 1e-5);
  });
});

describe("deltaRecursion", () => {
  test.each(["tanh", "relu", "sigmoid", "identity"] as const)(
    "equals automatic differentiation at every step for %s, with losses at several steps",
    (nonlinearity) => {
      const hiddenSize = 4;
      const cell = new ElmanCell({ inputSize: 3, hiddenSize, rng: new Rng(20), nonlinearity });
      const xs = randomInput(21, [1, 6, 3]);
      const rows = Array.from({ length: 6 }, (_, t) =>
        Array.from(xs.dataSync().slice(3 * t, 3 * t + 3)),
      );
      const weights = randomInput(22, [1, 6, hiddenSize]).dataSync();
      // J = Σ_t <w_t, h_t>, at steps 2, 4 and 6 only.
      const local = rows.map((_, t) =>
        t % 2 === 1 ? Array.from(weights.slice(hiddenSize * t, hiddenSize * (t + 1))) : undefined,
      );
      const { deltas } = deltaRecursion(cell, rows, local);
      const zeros = Array.from({ length: 7 }, () => tf.zeros([1, hiddenSize]));
      const gradients = tf.grads((...taps: tf.Tensor[]) => {
        let h: tf.Tensor = taps[0]!;
        let total: tf.Tensor = tf.scalar(0);
        for (let t = 0; t < 6; t++) {
          h = tf.add(cell.step(tf.tensor2d([rows[t]!]), { h }).h, taps[t + 1]!);
          if (local[t] !== undefined)
            total = tf.add(total, tf.sum(tf.mul(h, tf.tensor2d([local[t]!]))));
        }
        return total as tf.Scalar;
      })(zeros);
      for (const [t, delta] of deltas.entries()) {
        for (const [k, value] of gradients[t]!.dataSync().entries()) {
          expect(Math.abs(value - delta[k]!)).toBeLessThan(1e-5);
        }
      }
    },
  );

  test("refuses rows of the wrong size", () => {
    const cell = new ElmanCell({ inputSize: 2, hiddenSize: 2, rng: new Rng(1) });
    expect(() => deltaRecursion(cell, [[1]], [undefined])).toThrowError(
      "deltaRecursion: xs[0] has 1 values, expected 2 (inputSize).",
    );
    expect(() => deltaRecursion(cell, [[1, 2]], [])).toThrowError(
      expect.objectContaining({ code: "SHAPE_MISMATCH" }),
    );
  });
});

describe("cellPath", () => {
  test("along the cell alone the gradient is the product of forget gates", () => {
    const cell = new LSTMCell({ inputSize: 3, hiddenSize: 4, rng: new Rng(30) });
    const path = cellPath(cell, randomInput(31, [2, 9, 3]));
    for (let t = 0; t <= 9; t++) expectClose(path.direct[t]!, path.forgetProducts[t]!, 1e-5);
    expect(path.forgetProducts[0]!.every((product) => product > 0 && product < 1)).toBe(true);
  });

  test("over all paths it differs, by what goes through h", () => {
    const cell = new LSTMCell({ inputSize: 3, hiddenSize: 4, rng: new Rng(30) });
    const path = cellPath(cell, randomInput(31, [2, 9, 3]));
    expect(path.total[9]).toEqual(path.direct[9]);
    const difference = path.total[0]!.map((value, k) => Math.abs(value - path.direct[0]![k]!));
    expect(Math.max(...difference)).toBeGreaterThan(1e-3);
  });

  test("without hidden-to-hidden weights all paths are the cell's own", () => {
    const cell = new LSTMCell({ inputSize: 3, hiddenSize: 4, rng: new Rng(32) });
    const recurrent = cell.parameters.get("weight_hh")!;
    recurrent.assign(tf.zerosLike(recurrent));
    const path = cellPath(cell, randomInput(33, [1, 7, 3]));
    for (let t = 0; t <= 7; t++) expectClose(path.total[t]!, path.forgetProducts[t]!, 1e-5);
  });
});

describe("matrices", () => {
  test("the spectral radius of a rotation is its scale, of a shear 1, of a nilpotent matrix 0", () => {
    const [c, s] = [0.7 * Math.cos(1), 0.7 * Math.sin(1)];
    expect(spectralRadius([c, -s, s, c], 2)).toBeCloseTo(0.7, 10);
    expect(spectralRadius([1, 5, 0, 1], 2)).toBeCloseTo(1, 6);
    expect(spectralRadius([0, 1, 0, 0], 2)).toBe(0);
  });

  test("the spectral norm is the largest singular value", () => {
    expect(spectralNorm([3, 0, 0, -5], 2)).toBeCloseTo(5, 10);
    expect(spectralNorm([1, 1, 0, 1], 2)).toBeCloseTo((1 + Math.sqrt(5)) / 2, 10);
    expect(spectralNorm([0, 0, 0, 0], 2)).toBe(0);
  });

  test("norms bound each other, and the spectral radius lies below them", () => {
    const matrix = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
      minLength: 9,
      maxLength: 9,
    });
    fc.assert(
      fc.property(matrix, (values) => {
        const [frobenius, spectral] = [frobeniusNorm(values), spectralNorm(values, 3)];
        const slack = 1e-6 * (1 + frobenius);
        expect(spectral).toBeLessThanOrEqual(frobenius + slack);
        expect(frobenius).toBeLessThanOrEqual(Math.sqrt(3) * spectral + slack);
        expect(spectralRadius(values, 3)).toBeLessThanOrEqual(spectral + slack);
      }),
    );
  });

  test("a decay rate needs two norms", () => {
    expect(() => decayRate([0, 0, 1])).toThrowError(
      "decayRate: 1 of 3 norms are positive and finite from distance 0 on, expected at least 2.",
    );
    expect(decayRate([0.25, 0.5, 1])).toMatchObject({ points: 3, r2: 1 });
    expect(decayRate([0.25, 0.5, 1]).rate).toBeCloseTo(0.5, 12);
  });
});
