/** One small call of every op, for the table of ops and backends. */
import { Rng } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import * as ops from "../src/index.ts";
import { randomIntegers, randomValues } from "./values.ts";

export interface OpCase {
  readonly name: string;
  /** Names of the inputs that get gradients; none: the op changes variables or gives a number. */
  readonly inputs: readonly string[];
  readonly shapes: readonly (readonly number[])[];
  /** From the inputs to the outputs. */
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor[];
}

const [batch, time, size, hidden, classes] = [5, 4, 6, 7, 11];
const lengths = Int32Array.of(4, 1, 3, 2, 4);

function random(seed: number, shape: readonly number[]): tf.Tensor {
  return tf.tensor(randomValues(seed, tf.util.sizeFromShape([...shape])), [...shape]);
}

/** The inputs of a case, the same on every backend. */
export function inputsOf({ shapes }: OpCase): tf.Tensor[] {
  return shapes.map((shape, i) => random(i + 1, shape));
}

const targets = () => tf.tensor1d(randomIntegers(1, batch, classes), "int32");
const ids = () => tf.tensor1d(randomIntegers(2, batch * time, classes), "int32");

type Inputs = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

function sequenceCase(
  name: string,
  gates: number,
  run: (x: tf.Tensor, state: { h: tf.Tensor; c: tf.Tensor }, weights: never) => tf.Tensor[],
): OpCase {
  return {
    name,
    inputs: ["x", "h", "weightIh", "weightHh", "biasIh", "biasHh"],
    shapes: [
      [batch, time, size],
      [batch, hidden],
      [gates * hidden, size],
      [gates * hidden, hidden],
      [gates * hidden],
      [gates * hidden],
    ],
    run: (...inputs) => {
      const [x, h, weightIh, weightHh, biasIh, biasHh] = inputs as Inputs;
      return run(x, { h, c: h }, { weightIh, weightHh, biasIh, biasHh } as never);
    },
  };
}

function stepCase(
  name: string,
  gates: number,
  run: (x: tf.Tensor, state: { h: tf.Tensor; c: tf.Tensor }, weights: never) => tf.Tensor[],
): OpCase {
  const whole = sequenceCase(name, gates, run);
  return { ...whole, shapes: [[batch, size], ...whole.shapes.slice(1)] };
}

const sequences: OpCase[] = [
  sequenceCase("lstmSequence", 4, (x, state, weights) => {
    const out = ops.lstmSequence(x, state, weights, { lengths });
    return [out.outputs, out.state.h, out.state.c];
  }),
  sequenceCase('gruSequence, resetGate "after-product"', 3, (x, state, weights) => {
    const out = ops.gruSequence(x, state, weights, { lengths, reverse: true });
    return [out.outputs, out.state.h];
  }),
  sequenceCase('gruSequence, resetGate "before-product"', 3, (x, state, weights) => {
    const out = ops.gruSequence(x, state, weights, { resetGate: "before-product" });
    return [out.outputs, out.state.h];
  }),
  ...(["tanh", "relu", "sigmoid", "identity"] as const).map((activation) =>
    sequenceCase(`elmanSequence, ${activation}`, 1, (x, state, weights) => {
      const out = ops.elmanSequence(x, state, weights, { activation, lengths });
      return [out.outputs, out.state.h];
    }),
  ),
  stepCase("lstmStep", 4, (x, state, weights) => Object.values(ops.lstmStep(x, state, weights))),
  stepCase("gruStep", 3, (x, state, weights) => Object.values(ops.gruStep(x, state, weights))),
  stepCase("elmanStep", 1, (x, state, weights) => Object.values(ops.elmanStep(x, state, weights))),
];

const losses: OpCase[] = [
  {
    name: "softmaxCrossEntropy",
    inputs: ["logits"],
    shapes: [[batch, classes]],
    run: (logits) => [ops.softmaxCrossEntropy(logits as tf.Tensor, targets())],
  },
  {
    name: "linearCrossEntropy",
    inputs: ["x", "weight", "bias"],
    shapes: [[batch, size], [classes, size], [classes]],
    run: (x, weight, bias) => [
      ops.linearCrossEntropy(x as tf.Tensor, weight as tf.Tensor, bias as tf.Tensor, targets()),
    ],
  },
  {
    name: "softTargetCrossEntropy",
    inputs: ["logits"],
    shapes: [[batch, classes]],
    run: (logits) => [
      ops.softTargetCrossEntropy(logits as tf.Tensor, tf.softmax(random(9, [batch, classes]))),
    ],
  },
];

const attentions: OpCase[] = (["dot", "scaled", "general", "additive"] as const).map((score) => ({
  name: `attention, ${score}`,
  inputs: ["query", "keys", "values", "weights"],
  shapes: [
    [batch, 3, size],
    [batch, time, size],
    [batch, time, hidden],
    [size, size],
  ],
  run: (...inputs: tf.Tensor[]) => {
    const [query, keys, values, weight] = inputs as Inputs;
    const weights = {
      weight,
      queryWeight: weight,
      keyWeight: weight,
      scoreWeight: tf.sum(weight, 0),
    };
    const { context, attentionWeights } = ops.attention(query, keys, values, {
      score,
      lengths,
      weights,
    });
    // So that every score depends on the weights, which "dot" and "scaled" have none of.
    return [tf.mul(context, tf.sum(weight)), attentionWeights];
  },
}));

/** An op for inference: its weights are rounded, so nothing is differentiated. */
function int8Case(
  name: string,
  gates: number,
  run: (
    x: tf.Tensor,
    state: { h: tf.Tensor; c: tf.Tensor },
    weights: ops.Int8CellWeights,
  ) => tf.Tensor[],
): OpCase {
  return {
    name,
    inputs: [],
    shapes: [
      [batch, size],
      [batch, hidden],
      [gates * hidden, size],
      [gates * hidden, hidden],
      [gates * hidden],
    ],
    run: (...inputs) => {
      const [x, h, first, second, biasIh] = inputs as Inputs;
      const [weightIh, weightHh] = [ops.quantizeWeight(first), ops.quantizeWeight(second)];
      const outputs = run(x, { h, c: h }, { weightIh, weightHh, biasIh });
      weightIh.dispose();
      weightHh.dispose();
      return outputs;
    },
  };
}

const int8: OpCase[] = [
  int8Case("linearInt8", 1, (x, _, { weightIh, biasIh }) => [ops.linearInt8(x, weightIh, biasIh)]),
  int8Case("lstmStepInt8", 4, (x, s, weights) => Object.values(ops.lstmStepInt8(x, s, weights))),
  int8Case("gruStepInt8", 3, (x, s, weights) => Object.values(ops.gruStepInt8(x, s, weights))),
];

const attentionDecoder: OpCase = {
  name: "attentionLstmSequence",
  inputs: ["x", "h", "keys", "weightIh", "weightHh", "biasIh"],
  shapes: [
    [batch, 3, size],
    [batch, hidden],
    [batch, time, hidden],
    [4 * hidden, size + hidden],
    [4 * hidden, hidden],
    [4 * hidden],
  ],
  run: (...inputs) => {
    const [x, h, keys, weightIh, weightHh, biasIh] = inputs as Inputs;
    const weights = { weightIh, weightHh, biasIh };
    const out = ops.attentionLstmSequence(x, { h, c: h }, keys, weights, { lengths });
    return [out.outputs, out.contexts, out.attentionWeights, out.state.h, out.state.c];
  },
};

const others: OpCase[] = [
  {
    name: "linear",
    inputs: ["x", "weight", "bias"],
    shapes: [[batch, time, size], [hidden, size], [hidden]],
    run: (x, weight, bias) => [ops.linear(x as tf.Tensor, weight as tf.Tensor, bias as tf.Tensor)],
  },
  {
    name: "embedding",
    inputs: ["weight"],
    shapes: [[classes, size]],
    run: (weight) => [ops.embedding(weight as tf.Tensor, ids(), { paddingIndex: 1 })],
  },
  {
    name: "layerNorm",
    inputs: ["x", "gain", "bias"],
    shapes: [[batch, time, size], [size], [size]],
    run: (x, gain, bias) => [ops.layerNorm(x as tf.Tensor, gain as tf.Tensor, bias as tf.Tensor)],
  },
  {
    name: "dropout",
    inputs: ["x"],
    shapes: [[batch, size]],
    run: (x) => [ops.dropout(x as tf.Tensor, 0.4, new Rng(1))],
  },
  {
    name: "tf.matMul, transposed",
    inputs: ["a", "b"],
    shapes: [
      [size, batch],
      [hidden, size],
    ],
    run: (a, b) => [tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, true, true)],
  },
  {
    name: "tf.gather",
    inputs: ["x"],
    shapes: [[classes, size]],
    run: (x) => [tf.gather(x as tf.Tensor2D, targets())],
  },
];

/** An update of a parameter by a gradient; the slots start above 0. */
function updateCase(
  name: string,
  slots: readonly string[],
  run: (update: never) => unknown,
): OpCase {
  const shapes = [0, 1, ...slots].map(() => [batch, size]);
  return {
    name,
    inputs: [],
    shapes,
    run: (parameter, gradient, ...rest) => {
      const variables = rest.map((slot) => tf.variable(tf.add(tf.abs(slot), 1)));
      const moved = tf.variable(parameter as tf.Tensor);
      const named = Object.fromEntries(slots.map((slot, i) => [slot, variables[i]]));
      const numbers = { learningRate: 0.1, step: 2, muProduct: 0.9, eta: 0.1, mu: 0.5 };
      run({ parameter: moved, gradient, ...named, ...numbers, momentum: 0.9 } as never);
      const outputs = [moved, ...variables].map((variable) => variable.clone());
      tf.dispose([moved, ...variables]);
      return outputs;
    },
  };
}

const moments = ["firstMoment", "secondMoment"];

const updates: OpCase[] = [
  updateCase("sgdUpdate", ["momentumBuffer"], ops.sgdUpdate),
  updateCase("adamUpdate", [...moments, "maxSecondMoment"], ops.adamUpdate),
  updateCase("adamwUpdate", moments, ops.adamwUpdate),
  updateCase("nadamUpdate", moments, ops.nadamUpdate),
  updateCase("radamUpdate", moments, ops.radamUpdate),
  updateCase("adamaxUpdate", ["firstMoment", "infinityNorm"], ops.adamaxUpdate),
  updateCase("adadeltaUpdate", ["squareAverage", "deltaAverage"], ops.adadeltaUpdate),
  updateCase("adagradUpdate", ["squareSum"], ops.adagradUpdate),
  updateCase("rmspropUpdate", ["squareAverage", "momentumBuffer"], ops.rmspropUpdate),
  updateCase("rpropUpdate", ["previousGradient", "stepSize"], ops.rpropUpdate),
  updateCase("asgdUpdate", ["average"], ops.asgdUpdate),
  {
    name: "globalNorm",
    inputs: [],
    shapes: [[batch, size], [hidden]],
    run: (...gradients) => [tf.scalar(ops.globalNorm(gradients))],
  },
  {
    name: "limitRowNorms",
    inputs: [],
    shapes: [[classes, size]],
    run: (weight) => {
      const table = tf.variable(weight as tf.Tensor);
      ops.limitRowNorms(table, ids(), 0.5);
      const moved = table.clone();
      table.dispose();
      return [moved];
    },
  },
];

export const opCases: readonly OpCase[] = [
  ...others,
  ...losses,
  ...attentions,
  ...sequences,
  attentionDecoder,
  ...int8,
  ...updates,
];
