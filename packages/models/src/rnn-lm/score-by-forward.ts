/**
 * Scores whole sequences with the batched forward pass: sequences of about one length side by side, long ones in chunks
 * with carried state, so memory does not grow with their length.
 */
import type { SequenceBatch } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import type { ScoreOptions, SequenceScore } from "../language-model/language-model.types.ts";
import { checkId } from "../language-model/queries.ts";
import { nextTokenBatch } from "./next-token-batch.ts";
import type { RnnLanguageModel, RnnState } from "./rnn-language-model.ts";

const rowsAtOnce = 32;
const stepsAtOnce = 64;

export function scoreByForward(
  model: RnnLanguageModel,
  sequences: readonly ArrayLike<number>[],
  { end = true }: ScoreOptions = {},
): SequenceScore[] {
  const rows = sequences.map((ids) => {
    for (let t = 0; t < ids.length; t++) checkId("score", ids[t]!, model);
    const tail = end && model.endId !== undefined ? [model.endId] : [];
    return Int32Array.from([model.beginId, ...Array.from(ids), ...tail]);
  });
  const results = rows.map((row) => new Float64Array(row.length - 1));
  // Longest first: within a batch the rows that are still running are then always the first ones.
  const order = [...rows.keys()].sort((a, b) => rows[b]!.length - rows[a]!.length);
  for (let first = 0; first < order.length; first += rowsAtOnce) {
    const members = order.slice(first, first + rowsAtOnce);
    scoreBatch(
      model,
      members.map((i) => rows[i]!),
      members.map((i) => results[i]!),
    );
  }
  return results.map((logProbs) => ({
    logProbs,
    logProb: logProbs.reduce((sum, x) => sum + x, 0),
    unknown: 0,
  }));
}

function scoreBatch(
  model: RnnLanguageModel,
  rows: readonly Int32Array[],
  results: readonly Float64Array[],
): void {
  let state: RnnState | undefined;
  for (let begin = 0; ; begin += stepsAtOnce) {
    const running = rows.filter((row) => row.length - 1 > begin);
    if (running.length === 0) break;
    const batch = chunk(running, begin);
    const before = state;
    state = tf.tidy(() => {
      const next = nextTokenBatch(batch);
      const carried = before && firstRows(before, running.length);
      const forward = model.forward(next, { training: false, ...(carried && { state: carried }) });
      const x = model.rowsOf(forward.outputs, next.positions);
      const found = model.targetLogProbs(x, next, carried).dataSync();
      next.positions.forEach((position, i) => {
        const row = Math.floor(position / next.time);
        results[row]![begin + (position % next.time)] = found[i]!;
      });
      return forward.state as unknown as tf.TensorContainer;
    }) as unknown as RnnState;
    if (before) disposeState(before);
  }
  if (state) disposeState(state);
}

/** Ids `begin..begin + stepsAtOnce` of each row: the last one is a target only. */
function chunk(rows: readonly Int32Array[], begin: number): SequenceBatch {
  const time = Math.min(stepsAtOnce + 1, rows[0]!.length - begin);
  const ids = new Int32Array(rows.length * time);
  const lengths = new Int32Array(rows.length);
  rows.forEach((row, i) => {
    const part = row.subarray(begin, begin + time);
    ids.set(part, i * time);
    lengths[i] = part.length;
  });
  return { ids, lengths, batchSize: rows.length, time };
}

function firstRows(state: RnnState, rows: number): RnnState {
  const cut = (tensor: tf.Tensor): tf.Tensor =>
    tensor.shape[0] === rows ? tensor : tf.slice(tensor, [0, 0], [rows, tensor.shape[1]!]);
  return {
    layers: state.layers.map((layer) =>
      Object.fromEntries(Object.entries(layer).map(([name, tensor]) => [name, cut(tensor)])),
    ),
    ...(state.history && { history: cut(state.history) }),
  };
}

/** Disposes the tensors of a state. */
export function disposeState({ layers, history }: RnnState): void {
  for (const layer of layers) for (const tensor of Object.values(layer)) tensor.dispose();
  history?.dispose();
}
