/** torch.nn.RNN, LSTM and GRU: dense, packed and unbatched; outputs, states, all gradients. */
import {
  GRU,
  LSTM,
  type PackedSequence,
  packPaddedSequence,
  padPackedSequence,
  RNN,
  stackState,
} from "@seq/cells";
import { Rng } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { Checks, differenceOfLists, differenceOfNumbers } from "../check.ts";
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

interface Group {
  kind: "RNN" | "LSTM" | "GRU";
  nonlinearity: "tanh" | "relu" | null;
  num_layers: number;
  bidirectional: boolean;
  bias: boolean;
  proj_size: number;
  input_size: number;
  hidden_size: number;
  dropout?: number;
  training?: boolean;
  state_dict: Record<string, OracleTensor>;
  cases: Case[];
}

interface Case {
  mode: "dense" | "packed";
  enforce_sorted: boolean | null;
  batch_first: boolean;
  lengths?: number[];
  input: OracleTensor;
  h_0?: OracleTensor;
  c_0?: OracleTensor;
  loss_weights: Record<"output" | "h_n" | "c_n", OracleTensor>;
  expect: {
    output: OracleTensor;
    h_n: OracleTensor;
    c_n?: OracleTensor;
    loss: number;
    packed?: {
      data: OracleTensor;
      batch_sizes: number[];
      sorted_indices: number[] | null;
      unsorted_indices: number[] | null;
    };
    grad: Record<string, OracleTensor>;
    grad_params: Record<string, OracleTensor>;
  };
}

export const torchRecurrent: Area = {
  name: "torch recurrent layers",
  recognises: (file) => isTorchFile(file, ["kind", "num_layers", "state_dict", "cases"]),
  async run({ json }) {
    const checks = new Checks();
    await onBothBackends(async (backend) => {
      for (const [g, group] of (json.groups as Group[]).entries()) {
        for (const [c, example] of group.cases.entries()) {
          const label = `${backend} groups[${g}].cases[${c}]`;
          await runCase(checks, label, () => runLayers(group, example));
        }
      }
    });
    return checks.verdict();
  },
};

type Layers = RNN | LSTM | GRU;

function createLayers(group: Group, batchFirst: boolean): Layers {
  const options = {
    inputSize: group.input_size,
    hiddenSize: group.hidden_size,
    numLayers: group.num_layers,
    bias: group.bias,
    bidirectional: group.bidirectional,
    dropout: group.dropout ?? 0,
    batchFirst,
    rng: new Rng(0),
  };
  if (group.kind === "LSTM") return new LSTM({ ...options, projSize: group.proj_size });
  if (group.kind === "GRU") return new GRU(options);
  return new RNN({ ...options, nonlinearity: group.nonlinearity ?? "tanh" });
}

function runLayers(group: Group, example: Case): string | undefined {
  const layers = createLayers(group, example.batch_first);
  const variables = new Map<string, tf.Variable>();
  for (const name of ["input", "h_0", "c_0"] as const) {
    const given = example[name];
    if (given) variables.set(name, toVariable(given));
  }
  try {
    layers.loadStateDict(stateDictOf(group.state_dict));
    return (
      differenceOfPacked(example, variables) ??
      differenceOfOutputs(layers, group, example, variables) ??
      differenceOfBackward(layers, group, example, variables)
    );
  } finally {
    layers.dispose();
    tf.dispose([...variables.values()]);
  }
}

function stateDictOf(tensors: Record<string, OracleTensor>) {
  return new Map(
    Object.entries(tensors).map(([name, { shape, data }]) => {
      const bytes = new Uint8Array(Float32Array.from(data, Number).buffer);
      return [name, { dtype: "F32" as const, shape, bytes }];
    }),
  );
}

function pack(example: Case, input: tf.Tensor): PackedSequence {
  return packPaddedSequence(input, example.lengths ?? [], {
    batchFirst: example.batch_first,
    enforceSorted: example.enforce_sorted ?? true,
  });
}

/** Runs the layers as the case asks; tensors belong to the caller's tidy. */
function forward(
  layers: Layers,
  group: Group,
  example: Case,
  variables: ReadonlyMap<string, tf.Tensor>,
): Record<string, tf.Tensor> {
  const input = variables.get("input") as tf.Tensor;
  const [h, c] = [variables.get("h_0"), variables.get("c_0")];
  const options = {
    ...(h === undefined ? {} : { initialState: c === undefined ? { h } : { h, c } }),
    training: group.training ?? false,
    rng: new Rng(1),
  };
  if (example.mode === "packed") {
    const result = layers.forward(pack(example, input), options);
    const { padded } = padPackedSequence(result.outputs, { batchFirst: example.batch_first });
    return { output: padded, ...torchStates(stackState(result.finalState)) };
  }
  const { outputs, finalState } = layers.forward(input, options);
  return { output: outputs, ...torchStates(stackState(finalState)) };
}

function torchStates(state: Record<string, tf.Tensor>): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.entries(state).map(([name, tensor]) => [`${name}_n`, tensor]));
}

function differenceOfOutputs(
  layers: Layers,
  group: Group,
  example: Case,
  variables: ReadonlyMap<string, tf.Tensor>,
): string | undefined {
  const results = tf.tidy(() => forward(layers, group, example, variables));
  const difference = firstDifference(
    (["output", "h_n", "c_n"] as const).map((name) => {
      const expected = example.expect[name];
      return expected && differenceOfTensor(name, results[name], expected, outputTolerance);
    }),
  );
  tf.dispose(results);
  return difference;
}

function differenceOfBackward(
  layers: Layers,
  group: Group,
  example: Case,
  inputs: ReadonlyMap<string, tf.Variable>,
): string | undefined {
  const variables = new Map([...inputs, ...(layers.parameters as Map<string, tf.Variable>)]);
  const { loss, gradients } = lossAndGradients(() => {
    const results = forward(layers, group, example, inputs);
    const terms = Object.entries(example.loss_weights).map(([name, weights]) =>
      weighted(results[name] as tf.Tensor, weights),
    );
    return tf.addN(terms) as tf.Scalar;
  }, variables);
  const { grad, grad_params } = example.expect;
  return (
    differenceOfGradients(gradients, { ...grad, ...grad_params }) ??
    differenceOfNumbers("loss", [loss], [example.expect.loss], gradientTolerance)
  );
}

/** The packed form of the input itself. */
function differenceOfPacked(
  example: Case,
  variables: ReadonlyMap<string, tf.Tensor>,
): string | undefined {
  const expected = example.expect.packed;
  if (expected === undefined) return undefined;
  using packed = pack(example, variables.get("input") as tf.Tensor);
  return (
    differenceOfTensor("packed.data", packed.data, expected.data, 0) ??
    differenceOfLists("packed.batchSizes", packed.batchSizes, expected.batch_sizes) ??
    differenceOfLists("packed.sorted", packed.sortedIndices ?? [], expected.sorted_indices ?? []) ??
    differenceOfLists(
      "packed.unsorted",
      packed.unsortedIndices ?? [],
      expected.unsorted_indices ?? [],
    )
  );
}
