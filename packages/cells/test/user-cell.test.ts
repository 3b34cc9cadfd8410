/**
 * A cell of one's own, written against the interface `Cell` of `@seq/core` alone, in every layer and
 * function of this package. The cell: h' = (1 - a) ⊙ h + a ⊙ tanh(W x + U h), a leaky integrator with a
 * learned rate a = σ(r).
 */
import { type Cell, Rng, writeSafetensors } from "@seq/core";
import { linear, loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  newVariable,
  packSequence,
  padPackedSequence,
  RecurrentLayers,
  readStateDict,
  runSequence,
  uniformInitializer,
  unroll,
} from "../src/index.ts";
import { expectClose, randomTensor, refusal, tensorsLeftBy } from "./helpers.ts";

type LeakyState = { readonly h: tf.Tensor };

// The cell begins here.
class LeakyCell implements Cell<tf.Tensor, LeakyState> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly outputSize: number;
  readonly parameters: ReadonlyMap<string, tf.Variable>;

  constructor(inputSize: number, hiddenSize: number, rng: Rng) {
    this.inputSize = inputSize;
    this.hiddenSize = this.outputSize = hiddenSize;
    const draw = (columns: number) =>
      newVariable(uniformInitializer(0.5)(hiddenSize, columns, rng), [hiddenSize, columns]);
    this.parameters = new Map([
      ["W", draw(inputSize)],
      ["U", draw(hiddenSize)],
      ["r", draw(1)],
    ]);
  }

  step(x: tf.Tensor, { h }: LeakyState): LeakyState {
    const get = (name: string) => this.parameters.get(name) as tf.Tensor;
    const [W, U, r] = [get("W"), get("U"), get("r")];
    return tf.tidy(() => {
      const a = tf.sigmoid(tf.reshape(r, [-1]));
      const n = tf.tanh(tf.add(linear(x, W), linear(h, U)));
      return { h: tf.add(tf.mul(tf.sub(1, a), h), tf.mul(a, n)) };
    });
  }

  zeroState(batchSize: number): LeakyState {
    return { h: tf.zeros([batchSize, this.hiddenSize]) };
  }

  dispose(): void {
    tf.dispose([...this.parameters.values()]);
  }
}
// The cell ends here.

describe("a user's own cell", () => {
  beforeAll(() => loadKernels());
  const layers = (options = {}) =>
    new RecurrentLayers({
      inputSize: 3,
      rng: new Rng(1),
      createCell: ({ inputSize, rng }) => new LeakyCell(inputSize, 4, rng),
      ...options,
    });

  test("takes under 40 lines", async () => {
    const { readFileSync } = await import("node:fs");
    const source = readFileSync(new URL(import.meta.url), "utf8");
    const body = source.split("// The cell begins here.\n")[1]?.split("// The cell ends here.")[0];
    expect((body as string).trim().split("\n").length).toBeLessThan(40);
  });

  test.each([
    ["deep", { numLayers: 3 }],
    ["bidirectional", { bidirectional: true, merge: "ave" }],
    ["residual", { numLayers: 2, connections: "residual" }],
    ["highway", { numLayers: 2, connections: "highway", bidirectional: true }],
    ["dense", { numLayers: 3, connections: "dense" }],
    ["with a learned initial state", { learnedInitialState: true }],
    [
      "under dropout of every kind but weight drop",
      { numLayers: 2, dropout: 0.2, variational: true, recurrentDropout: 0.3, zoneout: 0.1 },
    ],
  ])("works %s, packed as padded, and trains", (_, options) => {
    const sequences = [randomTensor(1, [2, 3]), randomTensor(2, [4, 3])];
    const left = tensorsLeftBy(() => {
      using own = layers(options);
      tf.tidy(() => {
        using packed = packSequence(sequences, { enforceSorted: false });
        const fromPacked = own.forward(packed).outputs;
        const { padded, lengths } = padPackedSequence(packed);
        const fromPadded = own.forward(padded, { lengths });
        expectClose(padPackedSequence(fromPacked).padded, fromPadded.outputs);
        const { grads } = tf.variableGrads(() =>
          tf.sum(own.forward(padded, { lengths, training: true, rng: new Rng(2) }).outputs),
        );
        expect(Object.keys(grads).length).toBe(own.parameters.size);
      });
    });
    tf.dispose(sequences);
    expect(left).toBe(0);
  });

  test("runs by unroll and by runSequence alike", () => {
    const cell = new LeakyCell(3, 5, new Rng(3));
    const xs = randomTensor(1, [2, 4, 3]);
    const options = { lengths: [4, 2], reverse: true };
    expectClose(runSequence(cell, xs, options).outputs, unroll(cell, xs, options).outputs, 0);
  });

  test("saves and loads under its own names", () => {
    using source = layers({ numLayers: 2 });
    using target = layers({ numLayers: 2, rng: new Rng(9) });
    target.loadStateDict(readStateDict(writeSafetensors(source.stateDict())));
    const xs = randomTensor(1, [1, 3, 3]);
    expectClose(target.forward(xs).outputs, source.forward(xs).outputs, 0);
    expect([...source.parameters.keys()]).toEqual(["W_l0", "U_l0", "r_l0", "W_l1", "U_l1", "r_l1"]);
  });

  test("weight drop says that it needs a parameter weight_hh", () => {
    using own = layers({ weightDrop: 0.5 });
    expect(
      refusal(() => own.forward(randomTensor(1, [1, 2, 3]), { training: true, rng: new Rng(0) })),
    ).toBe(
      "WEIGHT_DROP weightDrop: the cell has no parameter weight_hh; expected a cell of this package with one.",
    );
  });
});
