/**
 * Dynamic evaluation (Mikolov et al. 2010; Krause et al. 2018): the model goes on learning from the text it is tested
 * on, each chunk being scored before it is learned from.
 *
 *   θ <- θ - η g + d (θ_0 - θ)
 *
 * with g the gradient of the chunk's mean loss, clipped to a global norm, and d pulling back to the trained weights.
 */
import {
  checkInteger,
  checkNumber,
  checkOptions,
  OptionError,
  type SequenceBatch,
} from "@seq/core";
import { globalNorm } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import type { CrossEntropy } from "../language-model/queries.ts";
import type { RnnLanguageModel, RnnState } from "./rnn-language-model.ts";
import { disposeState } from "./score-by-forward.ts";

export interface DynamicEvaluationOptions {
  /** η. */
  readonly learningRate: number;
  /** Tokens of a chunk. Default 5, as Krause et al. */
  readonly chunk?: number;
  /** d, 0..1. Default 0. */
  readonly decay?: number;
  /** Greatest global norm of g. Default 5. */
  readonly clipNorm?: number;
  /** Leave the model as it became; default: put its weights back. */
  readonly keep?: boolean;
}

/**
 * Scores running text while learning from it.
 *
 * @param ids - one text; its first id is read after the begin id and is scored too.
 * @throws {OptionError} `OPTION_RANGE`, also for an empty text.
 */
export function dynamicEvaluation(
  model: RnnLanguageModel,
  ids: ArrayLike<number>,
  options: DynamicEvaluationOptions,
): CrossEntropy {
  checkOptions("dynamicEvaluation", options, [
    "learningRate",
    "chunk",
    "decay",
    "clipNorm",
    "keep",
  ]);
  const { learningRate, decay = 0, clipNorm = 5, keep = false } = options;
  checkNumber("dynamicEvaluation", "learningRate", learningRate, { min: 0 });
  checkNumber("dynamicEvaluation", "decay", decay, { min: 0, max: 1 });
  checkNumber("dynamicEvaluation", "clipNorm", clipNorm, { min: Number.MIN_VALUE });
  const chunk = checkInteger("dynamicEvaluation", "chunk", options.chunk ?? 5, { min: 1 });
  if (ids.length === 0) {
    throw new OptionError("dynamicEvaluation: the text is empty, expected at least one id.", {
      code: "OPTION_RANGE",
    });
  }
  const text = Int32Array.from([model.beginId, ...Array.from(ids)]);
  const variables = [...model.parameters.values()];
  const trained = variables.map((variable) => tf.clone(variable));
  let sum = 0;
  let state: RnnState | undefined;
  try {
    for (let begin = 0; begin + 1 < text.length; begin += chunk) {
      const part = text.slice(begin, begin + chunk + 1);
      const learned = learn(model, batchOf(part), state, variables);
      sum += learned.loss * (part.length - 1);
      if (state) disposeState(state);
      state = learned.state;
      update(variables, trained, learned.gradients, { learningRate, decay, clipNorm });
      tf.dispose(learned.gradients);
    }
  } finally {
    if (state) disposeState(state);
    if (!keep) {
      for (const [i, variable] of variables.entries()) variable.assign(trained[i]!);
    }
    tf.dispose(trained);
  }
  const tokens = ids.length;
  const nats = sum / tokens;
  return { nats, perplexity: Math.exp(nats), logProb: -sum, tokens, unknown: 0 };
}

function batchOf(ids: Int32Array): SequenceBatch {
  return { ids, lengths: Int32Array.of(ids.length), batchSize: 1, time: ids.length };
}

function learn(
  model: RnnLanguageModel,
  batch: SequenceBatch,
  state: RnnState | undefined,
  variables: tf.Variable[],
) {
  let next: RnnState | undefined;
  // Dropout off: the text is seen once, and its score must be the model's.
  const { value, grads } = tf.variableGrads(() => {
    const loss = model.loss(batch, { training: false, ...(state && { state }) });
    next = loss.state as RnnState;
    for (const layer of next.layers) for (const tensor of Object.values(layer)) tf.keep(tensor);
    if (next.history) tf.keep(next.history);
    return loss.mean as tf.Scalar;
  }, variables);
  const loss = value.dataSync()[0]!;
  value.dispose();
  return { loss, state: next as RnnState, gradients: grads };
}

function update(
  variables: readonly tf.Variable[],
  trained: readonly tf.Tensor[],
  gradients: tf.NamedTensorMap,
  { learningRate, decay, clipNorm }: { learningRate: number; decay: number; clipNorm: number },
): void {
  const scale = Math.min(1, clipNorm / (globalNorm(Object.values(gradients)) + 1e-6));
  tf.tidy(() => {
    variables.forEach((variable, i) => {
      const gradient = gradients[variable.name];
      if (gradient === undefined) return;
      const step = tf.mul(gradient, learningRate * scale);
      const back = decay > 0 ? tf.mul(tf.sub(trained[i]!, variable), decay) : 0;
      variable.assign(tf.add(tf.sub(variable, step), back));
    });
  });
}
