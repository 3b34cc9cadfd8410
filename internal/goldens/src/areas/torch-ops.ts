/** torch.nn.functional: embedding, cross_entropy, layer_norm, with their gradients. */
import {
  embedding,
  layerNorm,
  limitRowNorms,
  softmaxCrossEntropy,
  softTargetCrossEntropy,
} from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { Checks, differenceOfNumbers } from "../check.ts";
import type { Area } from "../types.ts";
import {
  differenceOfGradients,
  differenceOfTensor,
  gradientTolerance,
  isTorchFile,
  lossAndGradients,
  type OracleTensor,
  onBothBackends,
  outputTolerance,
  runCase,
  toTensor,
  toVariable,
  weighted,
} from "./torch-tensors.ts";

// biome-ignore lint/suspicious/noExplicitAny: oracle cases as they come.
type Example = any;

export const torchEmbedding = opArea("embedding", ["weight", "indices"], runEmbedding);
export const torchLayerNorm = opArea(
  "layer norm",
  ["options", "input", "loss_weight"],
  runLayerNorm,
);
export const torchCrossEntropy = opArea(
  "cross-entropy",
  ["options", "input", "target"],
  runCrossEntropy,
);

function opArea(
  name: string,
  keys: string[],
  runExample: (example: Example) => string | undefined,
): Area {
  return {
    name: `torch ${name}`,
    recognises: (file) => isTorchFile(file, keys),
    async run({ json }) {
      const checks = new Checks();
      await onBothBackends(async (backend) => {
        for (const [c, example] of json.cases.entries()) {
          await runCase(checks, `${backend} cases[${c}]`, () => runExample(example));
        }
      });
      return checks.verdict();
    },
  };
}

function runEmbedding({
  options,
  weight,
  indices,
  loss_weight,
  expect,
}: Example): string | undefined {
  const table = toVariable(weight);
  const ids = toTensor(indices);
  try {
    if (options.max_norm !== undefined) limitRowNorms(table, ids, options.max_norm);
    const { padding_idx: padding } = options;
    const settings = {
      ...(padding === undefined
        ? {}
        : { paddingIndex: padding < 0 ? weight.shape[0] + padding : padding }),
      scaleGradientByFrequency: options.scale_grad_by_freq ?? false,
    };
    const output = embedding(table, ids, settings);
    const difference =
      differenceOfTensor("output", output, expect.output, outputTolerance) ??
      (expect.weight_after &&
        differenceOfTensor("weight", table, expect.weight_after, outputTolerance));
    output.dispose();
    if (difference !== undefined) return difference;
    const { loss, gradients } = lossAndGradients(
      () => weighted(embedding(table, ids, settings), loss_weight),
      new Map([["weight", table]]),
    );
    return (
      differenceOfGradients(gradients, { weight: expect.grad_weight }) ??
      differenceOfNumbers("loss", [loss], [expect.loss], gradientTolerance)
    );
  } finally {
    tf.dispose([table, ids]);
  }
}

/** Our op normalises the last axis; several axes are one of their product. */
function runLayerNorm({
  options,
  input,
  loss_weight,
  weight,
  bias,
  expect,
}: Example): string | undefined {
  const axes: number[] = options.normalized_shape;
  const size = axes.reduce((product, axis) => product * axis, 1);
  const rows = [...input.shape.slice(0, input.shape.length - axes.length), size];
  const variables = new Map<string, tf.Variable>([["input", toVariable(input)]]);
  if (weight) variables.set("weight", toVariable(weight));
  if (bias) variables.set("bias", toVariable(bias));
  const flat = (name: string) => {
    const tensor = variables.get(name);
    return tensor === undefined ? null : tf.reshape(tensor, [size]);
  };
  const run = () => {
    const x = tf.reshape(variables.get("input") as tf.Tensor, rows);
    const y = layerNorm(x, flat("weight"), flat("bias"), { epsilon: options.eps });
    return tf.reshape(y, input.shape);
  };
  try {
    const output = tf.tidy(run);
    const difference = differenceOfTensor("output", output, expect.output, outputTolerance);
    output.dispose();
    if (difference !== undefined) return difference;
    const { gradients } = lossAndGradients(() => weighted(run(), loss_weight), variables);
    const expected: Record<string, OracleTensor> = { input: expect.grad_input };
    if (weight) expected["weight"] = expect.grad_weight;
    if (bias) expected["bias"] = expect.grad_bias;
    return differenceOfGradients(gradients, expected);
  } finally {
    tf.dispose([...variables.values()]);
  }
}

function runCrossEntropy(example: Example): string | undefined {
  const logits = toVariable(example.input);
  const target = toTensor(example.target ?? example.target_prob);
  const weight = example.weight ? toTensor(example.weight) : null;
  const { reduction, label_smoothing: labelSmoothing, ignore_index: ignoreIndex } = example.options;
  const settings = { reduction, labelSmoothing, classWeights: weight };
  /** Classes are torch's axis 1, ours the last. */
  const run = () => {
    const [rows, classes, time] = logits.shape as [number, number, number?];
    const flat =
      time === undefined
        ? logits
        : tf.reshape(tf.transpose(logits, [0, 2, 1]), [rows * time, classes]);
    if (example.target_prob) return softTargetCrossEntropy(flat, target, settings);
    const targets = tf.reshape(target, [-1]);
    const loss = softmaxCrossEntropy(flat, targets, {
      ...settings,
      ...(ignoreIndex === undefined ? {} : { ignoreIndex }),
    });
    return reduction === "none" ? tf.reshape(loss, target.shape) : loss;
  };
  try {
    const loss = tf.tidy(run);
    const difference = differenceOfTensor("loss", loss, example.expect.loss, outputTolerance);
    loss.dispose();
    if (difference !== undefined) return difference;
    const scalar = () =>
      (example.grad_output ? weighted(run(), example.grad_output) : tf.sum(run())) as tf.Scalar;
    const { gradients } = lossAndGradients(scalar, new Map([["input", logits]]));
    return differenceOfGradients(gradients, { input: example.expect.grad_input });
  } finally {
    tf.dispose([logits, target]);
    weight?.dispose();
  }
}
