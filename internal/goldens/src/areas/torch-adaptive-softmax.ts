/** torch.nn.AdaptiveLogSoftmaxWithLoss: log-probabilities, losses, predictions, gradients. */
import { Rng } from "@seq/core";
import { AdaptiveSoftmax } from "@seq/models";
import * as tf from "@tensorflow/tfjs-core";
import { Checks, differenceOfLists, differenceOfNumbers } from "../check.ts";
import type { Area } from "../types.ts";
import {
  differenceOfGradients,
  differenceOfTensor,
  firstDifference,
  isTorchFile,
  lossAndGradients,
  type OracleTensor,
  onBothBackends,
  outputTolerance,
  runCase,
  toTensor,
  toVariable,
} from "./torch-tensors.ts";

export const torchAdaptiveSoftmax: Area = {
  name: "adaptive softmax",
  recognises: (file) =>
    isTorchFile(file, ["options", "state_dict", "target"]) &&
    Array.isArray(file.json.cases?.[0]?.options?.cutoffs),
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

// biome-ignore lint/suspicious/noExplicitAny: an oracle case as it comes.
function runExample({ options, state_dict, input, target, expect }: any): string | undefined {
  const layer = new AdaptiveSoftmax({
    inputSize: options.in_features,
    vocabSize: options.n_classes,
    cutoffs: options.cutoffs,
    divValue: options.div_value,
    headBias: options.head_bias,
    rng: new Rng(0),
  });
  const x = toVariable(input);
  try {
    for (const [name, tensor] of Object.entries<OracleTensor>(state_dict)) {
      tf.tidy(() => layer.parameters.get(name)?.assign(toTensor(tensor)));
    }
    const targets = Int32Array.from(target.data);
    const forward = tf.tidy(() => {
      const logProb = layer.logProbs(x);
      const predict = tf.argMax(logProb, 1);
      return { output: layer.targetLogProbs(x, targets), logProb, predict };
    });
    const difference = firstDifference([
      differenceOfLists("parameters", [...layer.parameters.keys()], Object.keys(state_dict)),
      differenceOfTensor("output", forward.output, expect.output, outputTolerance),
      differenceOfTensor("log_prob", forward.logProb, expect.log_prob, outputTolerance),
      differenceOfLists("predict", forward.predict.dataSync(), expect.predict.data),
    ]);
    tf.dispose(forward);
    if (difference !== undefined) return difference;
    const { loss, gradients } = lossAndGradients(
      () => layer.loss(x, targets) as tf.Scalar,
      new Map([...layer.parameters, ["input", x]]),
    );
    return firstDifference([
      differenceOfNumbers("loss", [loss], [expect.loss], outputTolerance),
      differenceOfGradients(gradients, { ...expect.grad_params, input: expect.grad_input }),
    ]);
  } finally {
    layer.dispose();
    x.dispose();
  }
}
