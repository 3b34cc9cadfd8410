import type {
  LanguageModel,
  LanguageModelStream,
  ScoreOptions,
  SequenceScore,
} from "./language-model.types.ts";
import { checkId } from "./queries.ts";

/**
 * Scores sequences step by step through a stream: the readable version, and the only one for models
 * without a faster path. One step per token, all sequences side by side in batches of `rows`.
 */
export function scoreByStream(
  model: LanguageModel,
  sequences: readonly ArrayLike<number>[],
  options: ScoreOptions = {},
  rows = 16,
): SequenceScore[] {
  const end = (options.end ?? true) ? model.endId : undefined;
  const results: SequenceScore[] = [];
  for (let first = 0; first < sequences.length; first += rows) {
    const batch = sequences.slice(first, first + rows);
    const stream = model.stream(batch.length);
    try {
      results.push(...scoreBatch(model, stream, batch, end));
    } finally {
      stream.dispose();
    }
  }
  return results;
}

function scoreBatch(
  model: LanguageModel,
  stream: LanguageModelStream,
  batch: readonly ArrayLike<number>[],
  end: number | undefined,
): SequenceScore[] {
  const { vocabSize } = model;
  const targets = batch.map((ids) =>
    end === undefined ? Array.from(ids) : [...Array.from(ids), end],
  );
  for (const ids of targets) for (const id of ids) checkId("score", id, model);
  const found = targets.map((ids) => new Float64Array(ids.length));
  const steps = Math.max(0, ...targets.map((ids) => ids.length));
  const table = new Float32Array(batch.length * vocabSize);
  const next = new Int32Array(batch.length);
  for (let t = 0; t < steps; t++) {
    stream.logProbs(table);
    for (let row = 0; row < batch.length; row++) {
      const id = targets[row]![t];
      next[row] = id ?? -1;
      if (id !== undefined) found[row]![t] = table[row * vocabSize + id]!;
    }
    if (t + 1 < steps) stream.advance(next);
  }
  return found.map((logProbs) => ({
    logProbs,
    logProb: logProbs.reduce((sum, x) => sum + x, 0),
    unknown: 0,
  }));
}
