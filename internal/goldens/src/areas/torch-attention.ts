/** Attention scores, weights, contexts and gradients. */
import { Attention, type AttentionScoreName } from "@seq/cells";
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

export const torchAttention: Area = {
  name: "attention",
  recognises: (file) => isTorchFile(file, ["kind", "equation", "query", "keys", "params"]),
  async run({ json }) {
    const checks = new Checks();
    await onBothBackends(async (backend) => {
      for (const [c, example] of json.cases.entries()) {
        await runCase(checks, `${backend} cases[${c}] ${example.kind}`, () =>
          runAttention(example),
        );
      }
    });
    return checks.verdict();
  },
};

/** Our names of the file's parameters. */
function parameterNames(kind: string): Record<string, string> {
  if (kind.startsWith("additive")) {
    return { W: "query_weight", U: "key_weight", v: "score_weight", b: "bias" };
  }
  return { W: "weight", v: "score_weight" };
}

// biome-ignore lint/suspicious/noExplicitAny: an oracle case as it comes.
function runAttention(example: any): string | undefined {
  const { kind, params, expect } = example;
  const query = toVariable(example.query);
  const keys = toVariable(example.keys);
  const names = parameterNames(kind);
  const score = { scaled_dot: "scaled", additive_bias: "additive" }[kind as string] ?? kind;
  const module = new Attention({
    score: score as AttentionScoreName,
    querySize: query.shape[2] as number,
    keySize: keys.shape[2] as number,
    ...(params.v ? { attentionSize: params.v.shape[0] } : {}),
    bias: kind === "additive_bias",
    rng: new Rng(0),
  });
  try {
    for (const [name, tensor] of Object.entries<OracleTensor>(params)) {
      const parameter = module.parameters.get(names[name] as string) as tf.Variable;
      tf.tidy(() => parameter.assign(tf.tensor(tensor.data.map(Number), tensor.shape)));
    }
    const lengths =
      example.key_lengths === null ? {} : { lengths: example.key_lengths as number[] };
    const forward = tf.tidy(() => ({
      scores: module.scores(query, keys),
      ...module.attend(query, keys, lengths),
    }));
    const difference = firstDifference([
      differenceOfTensor("scores", forward.scores, expect.scores, outputTolerance),
      differenceOfTensor("weights", forward.attentionWeights, expect.weights, outputTolerance),
      differenceOfTensor("context", forward.context, expect.context, outputTolerance),
    ]);
    tf.dispose(forward);
    if (difference !== undefined) return difference;
    const { loss, gradients } = lossAndGradients(
      () => weighted(module.attend(query, keys, lengths).context, example.loss_weight),
      new Map([["query", query], ["keys", keys], ...module.parameters]),
    );
    const expectedParameters = Object.entries<OracleTensor>(expect.grad_params).map(
      ([name, tensor]) => [names[name] as string, tensor] as const,
    );
    return (
      differenceOfGradients(gradients, {
        ...expect.grad,
        ...Object.fromEntries(expectedParameters),
      }) ?? differenceOfNumbers("loss", [loss], [expect.loss], gradientTolerance)
    );
  } finally {
    module.dispose();
    tf.dispose([query, keys]);
  }
}
