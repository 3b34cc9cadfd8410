/** torch.nn.RNNCell, LSTMCell and GRUCell, and the cells outside torch, over a few steps. */
import {
  CoupledLSTMCell,
  ElmanCell,
  GatedElmanCell,
  GRUCell,
  LSTMCell,
  MinimalGatedCell,
  PeepholeLSTMCell,
  type RecurrentCell,
} from "@seq/cells";
import { Rng } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { Checks, differenceOfNumbers } from "../check.ts";
import type { Area } from "../types.ts";
import {
  differenceOfGradients,
  differenceOfTensor,
  firstDifference,
  gradientTolerance,
  isTorchFile,
  lossAndGradients,
  type OracleTensor,
  onBothBackends,
  outputTolerance,
  runCase,
  toVariable,
  weighted,
} from "./torch-tensors.ts";

type AnyCell = RecurrentCell<Record<string, tf.Tensor>>;
type Tensors = Record<string, OracleTensor>;

/** One oracle case in our words. */
interface Example {
  readonly cell: AnyCell;
  /** Expected gradients of parameters by our names, from gradients by the file's names. */
  readonly parameters: Tensors;
  readonly parameterGradients: Tensors;
  readonly inputs: OracleTensor;
  readonly states: Tensors;
  readonly gradients: Tensors;
  /** Weights of each step's h and (or null: of ones) of the last c. */
  readonly lossWeights: { h: OracleTensor; c: OracleTensor | null };
  readonly unbatched: boolean;
  readonly expect: { h: OracleTensor; c?: OracleTensor; c_last?: OracleTensor; loss: number };
}

export const torchCells: Area = {
  name: "torch cells",
  recognises: (file) => isTorchFile(file, ["kind", "steps", "state_dict", "loss_weights"]),
  async run({ json }) {
    const checks = new Checks();
    await onBothBackends(async (backend) => {
      for (const [c, example] of json.cases.entries()) {
        await runCase(checks, `${backend} cases[${c}]`, () => runCell(torchExample(example)));
      }
    });
    return checks.verdict();
  },
};

export const torchCellVariants: Area = {
  name: "cells outside torch",
  recognises: (file) => isTorchFile(file, ["variant", "equations", "params", "state_0"]),
  async run({ json }) {
    const checks = new Checks();
    await onBothBackends(async (backend) => {
      for (const example of json.cases) {
        const label = `${backend} ${example.variant}`;
        await runCase(checks, label, () => runCell(variantExample(example)));
      }
    });
    return checks.verdict();
  },
};

// biome-ignore lint/suspicious/noExplicitAny: an oracle case as it comes.
function torchExample(json: any): Example {
  const sizes = {
    inputSize: json.input_size as number,
    hiddenSize: json.hidden_size as number,
    bias: json.bias as boolean,
    rng: new Rng(0),
  };
  const create = {
    RNNCell: () => new ElmanCell({ ...sizes, nonlinearity: json.nonlinearity }),
    LSTMCell: () => new LSTMCell(sizes),
    GRUCell: () => new GRUCell(sizes),
  }[json.kind as "RNNCell" | "LSTMCell" | "GRUCell"];
  const states: Tensors = {};
  const gradients: Tensors = { input: json.expect.grad.input };
  for (const name of ["h", "c"]) {
    if (json[`${name}_0`]) states[name] = json[`${name}_0`];
    if (json.expect.grad[`${name}_0`]) gradients[name] = json.expect.grad[`${name}_0`];
  }
  return {
    cell: create() as unknown as AnyCell,
    parameters: json.state_dict,
    parameterGradients: json.expect.grad_params,
    inputs: json.inputs,
    states,
    gradients,
    lossWeights: { h: json.loss_weights.h, c: json.loss_weights.c_last ?? null },
    unbatched: json.unbatched,
    expect: json.expect,
  };
}

/** How each variant is built here: our cell, and the file's gate letters in our packed order. */
function variantCell(variant: string, inputSize: number, hiddenSize: number) {
  const sizes = { inputSize, hiddenSize, rng: new Rng(0) };
  const gru = (
    resetGate: "before-product" | "after-product",
    updateGate: "keeps-old" | "takes-new",
  ) => ({
    cell: new GRUCell({ ...sizes, resetGate, updateGate }),
    gates: ["r", "z", "n"],
  });
  switch (variant) {
    case "gru_reset_before_z_keeps_old":
      return gru("before-product", "keeps-old");
    case "gru_reset_before_u_takes_new":
      return gru("before-product", "takes-new");
    case "gru_reset_after_u_takes_new":
      return gru("after-product", "takes-new");
    case "gru_reset_after_z_keeps_old":
      return gru("after-product", "keeps-old");
    case "lstm_no_forget_1997":
      return { cell: new LSTMCell({ ...sizes, forgetGate: false }), gates: ["i", "g", "o"] };
    case "lstm_sigma_h_identity":
      return {
        cell: new LSTMCell({ ...sizes, outputActivation: "identity" }),
        gates: ["i", "f", "g", "o"],
      };
    case "lstm_peephole":
      return { cell: new PeepholeLSTMCell(sizes), gates: ["i", "f", "g", "o"] };
    case "lstm_cifg":
      return { cell: new CoupledLSTMCell(sizes), gates: ["i", "g", "o"] };
    case "elman_sigmoid":
      return { cell: new ElmanCell({ ...sizes, nonlinearity: "sigmoid" }), gates: ["h"] };
    case "elman_identity":
      return { cell: new ElmanCell({ ...sizes, nonlinearity: "identity" }), gates: ["h"] };
    case "gated_elman":
      return { cell: new GatedElmanCell(sizes), gates: ["f", "i", "h"] };
    case "mgu":
      return { cell: new MinimalGatedCell(sizes), gates: ["f", "h"] };
    default:
      throw new Error(`no cell for the variant ${variant}`);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: an oracle case as it comes.
function variantExample(json: any): Example {
  const { cell, gates } = variantCell(json.variant, json.input_size, json.hidden_size);
  const names = [...cell.parameters.keys()];
  const gradients: Tensors = { input: json.expect.grad.input };
  for (const [name, tensor] of Object.entries<OracleTensor>(json.expect.grad)) {
    if (name.startsWith("state_0.")) gradients[name.slice("state_0.".length)] = tensor;
  }
  return {
    cell: cell as unknown as AnyCell,
    parameters: packVariant(json.params, gates, names),
    parameterGradients: packVariant(json.expect.grad_params, gates, names, true),
    inputs: json.inputs,
    states: json.state_0,
    gradients,
    lossWeights: { h: json.loss_weights.h, c: null },
    unbatched: false,
    expect: json.expect,
  };
}

/**
 * Packs W_i, U_i, b_i, p_i ... in our gate order. A second bias is the file's b_hn; where the file has none
 * it is 0, and its gradient is that of the first bias, to which it is added.
 */
function packVariant(
  params: Tensors,
  gates: string[],
  names: string[],
  gradients = false,
): Tensors {
  const join = (letter: string) =>
    concat(gates.map((gate) => params[`${letter}_${gate}`] as OracleTensor));
  const second = concat(
    gates.map((gate) => {
      const first = params[`b_${gate}`] as OracleTensor;
      return params[`b_h${gate}`] ?? (gradients ? first : zerosLike(first));
    }),
  );
  const packed: Tensors = {};
  for (const name of names) {
    if (name === "weight_ih") packed[name] = join("W");
    else if (name === "weight_hh") packed[name] = join("U");
    else if (name === "bias_ih") packed[name] = join("b");
    else if (name.startsWith("peephole_"))
      packed[name] = params[name.replace("peephole", "p")] as OracleTensor;
    else packed[name] = second;
  }
  return packed;
}

function concat(tensors: OracleTensor[]): OracleTensor {
  const [first] = tensors as [OracleTensor];
  const shape = [first.shape[0]! * tensors.length, ...first.shape.slice(1)];
  return { shape, data: tensors.flatMap((tensor) => [...tensor.data]) };
}

function zerosLike(tensor: OracleTensor): OracleTensor {
  return { shape: tensor.shape, data: tensor.data.map(() => 0) };
}

function runCell(example: Example): string | undefined {
  const { cell } = example;
  const inputs = toVariable(example.inputs);
  const states = new Map(
    Object.entries(example.states).map(([name, tensor]) => [name, toVariable(tensor)]),
  );
  try {
    setParameters(cell, example.parameters);
    return (
      differenceOfSteps(example, inputs, states) ??
      differenceOfBackward(example, new Map([["input", inputs], ...states]))
    );
  } finally {
    cell.dispose();
    tf.dispose([inputs, ...states.values()]);
  }
}

function setParameters(cell: AnyCell, values: Tensors): void {
  for (const [name, parameter] of cell.parameters) {
    const { data } = values[name] as OracleTensor;
    tf.tidy(() => parameter.assign(tf.tensor(data.map(Number), parameter.shape)));
  }
}

/** All h of the run, in the file's shape, and the last c; tensors belong to the caller's tidy. */
function runSteps(
  { cell, unbatched, states }: Example,
  inputs: tf.Tensor,
  given: ReadonlyMap<string, tf.Tensor>,
): { h: tf.Tensor; last: Record<string, tf.Tensor> } {
  const addBatch = (tensor: tf.Tensor) => (unbatched ? tf.expandDims(tensor, 0) : tensor);
  const [steps] = inputs.shape as [number];
  const batch = unbatched ? 1 : (inputs.shape[1] as number);
  let state = cell.zeroState(batch);
  for (const name of Object.keys(states)) {
    state = { ...state, [name]: addBatch(given.get(name) as tf.Tensor) };
  }
  const outputs: tf.Tensor[] = [];
  for (let t = 0; t < steps; t++) {
    const x = tf.reshape(tf.slice(inputs, t, 1), [batch, cell.inputSize]);
    state = cell.step(x, state);
    outputs.push(unbatched ? tf.squeeze(state["h"] as tf.Tensor, [0]) : (state["h"] as tf.Tensor));
  }
  const last = unbatched ? tf.squeeze(state["c"] ?? (state["h"] as tf.Tensor), [0]) : state["c"];
  return { h: tf.stack(outputs), last: last === undefined ? {} : { c: last } };
}

function differenceOfSteps(
  example: Example,
  inputs: tf.Tensor,
  states: ReadonlyMap<string, tf.Tensor>,
): string | undefined {
  const { h, last } = tf.tidy(() => runSteps(example, inputs, states));
  const lastC = example.expect.c_last;
  const difference = firstDifference([
    differenceOfTensor("h", h, example.expect.h, outputTolerance),
    lastC && differenceOfTensor("c_last", last["c"], lastC, outputTolerance),
  ]);
  tf.dispose([h, last]);
  return difference;
}

function differenceOfBackward(
  example: Example,
  variables: ReadonlyMap<string, tf.Variable>,
): string | undefined {
  const { cell, lossWeights } = example;
  const { loss, gradients } = lossAndGradients(
    () => {
      const inputs = variables.get("input") as tf.Variable;
      const { h, last } = runSteps(example, inputs, variables);
      const ofH = weighted(h, lossWeights.h);
      if (!("c" in cell.stateSizes)) return ofH;
      const c = last["c"] as tf.Tensor;
      return tf.add(ofH, lossWeights.c ? weighted(c, lossWeights.c) : tf.sum(c)) as tf.Scalar;
    },
    new Map([...variables, ...cell.parameters]),
  );
  return (
    differenceOfGradients(gradients, { ...example.gradients, ...example.parameterGradients }) ??
    differenceOfNumbers("loss", [loss], [example.expect.loss], gradientTolerance)
  );
}
