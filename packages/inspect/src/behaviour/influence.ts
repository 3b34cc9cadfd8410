/**
 * How far back a language model looks: how much the next-token distribution changes when the token at
 * distance d is replaced by another.
 *
 *   influence(d) = mean over sequences and replacements of KL( P(· | w_1..w_n) ‖ P(· | w_1..w'_{n-d+1}..w_n) )
 *
 * in nats. It is 0 beyond the window of an n-gram or window model, and falls off for a recurrent one.
 * Cost: distances * replacements runs over the sequences.
 */
import { checkInteger, checkOptions, type Rng, ShapeError } from "@seq/core";

/** What is asked of a language model; `LanguageModel` of `@seq/models` is one. */
export interface StreamingModel {
  readonly vocabSize: number;
  stream(rows: number): {
    /** One id per row. */
    advance(ids: ArrayLike<number>): void;
    /** Log-probabilities of the next id, nats, `[rows, vocabSize]`. */
    logProbs(out: Float32Array): void;
    dispose(): void;
  };
}

export interface InfluenceOptions {
  /** Draws the replacements. */
  readonly rng: Rng;
  /** Longest distance. Default: the length of the sequences. Distance 1 is the last token. */
  readonly maxDistance?: number;
  /** Replacements per sequence and distance. Default 1. */
  readonly replacements?: number;
  /** Called after each distance, for progress or to stop by throwing. */
  readonly onProgress?: (distance: number, maxDistance: number) => void;
}

/**
 * @param sequences - ids, all of one length.
 * @returns influence[d - 1] in nats, d = 1 the last token.
 * @throws {ShapeError} `SEQUENCES` when there are none or their lengths differ.
 */
export function influenceAtDistance(
  model: StreamingModel,
  sequences: readonly ArrayLike<number>[],
  options: InfluenceOptions,
): Float64Array {
  checkOptions("influenceAtDistance", options, [
    "rng",
    "maxDistance",
    "replacements",
    "onProgress",
  ]);
  const length = sequences[0]?.length ?? 0;
  if (length === 0 || sequences.some((sequence) => sequence.length !== length)) {
    throw new ShapeError(
      `influenceAtDistance: ${sequences.length} sequences of lengths ${[...new Set(sequences.map((s) => s.length))].join(", ") || "(none)"}, expected one length above 0.`,
      { code: "SEQUENCES" },
    );
  }
  const { rng, replacements = 1 } = options;
  const where = "influenceAtDistance";
  const maxDistance = checkInteger(where, "maxDistance", options.maxDistance ?? length, {
    min: 1,
    max: length,
  });
  checkInteger(where, "replacements", replacements, { min: 1 });
  const original = nextDistributions(model, sequences);
  const influence = new Float64Array(maxDistance);
  for (let distance = 1; distance <= maxDistance; distance++) {
    for (let draw = 0; draw < replacements; draw++) {
      const changed = sequences.map((sequence) =>
        replaceAt(sequence, length - distance, model.vocabSize, rng),
      );
      const divergence = meanDivergence(
        original,
        nextDistributions(model, changed),
        model.vocabSize,
      );
      influence[distance - 1]! += divergence / replacements;
    }
    options.onProgress?.(distance, maxDistance);
  }
  return influence;
}

function nextDistributions(
  model: StreamingModel,
  sequences: readonly ArrayLike<number>[],
): Float32Array {
  const rows = sequences.length;
  const out = new Float32Array(rows * model.vocabSize);
  const stream = model.stream(rows);
  try {
    const ids = new Int32Array(rows);
    const length = (sequences[0] as ArrayLike<number>).length;
    for (let t = 0; t < length; t++) {
      for (let row = 0; row < rows; row++) ids[row] = sequences[row]![t]!;
      stream.advance(ids);
    }
    stream.logProbs(out);
  } finally {
    stream.dispose();
  }
  return out;
}

function replaceAt(
  sequence: ArrayLike<number>,
  at: number,
  vocabSize: number,
  rng: Rng,
): Int32Array {
  const changed = Int32Array.from(sequence);
  const drawn = rng.integer(vocabSize - 1);
  changed[at] = drawn >= changed[at]! ? drawn + 1 : drawn; // any id but the one that stood there
  return changed;
}

function meanDivergence(p: Float32Array, q: Float32Array, vocabSize: number): number {
  let total = 0;
  for (let i = 0; i < p.length; i++) {
    const logP = p[i]!;
    if (logP > Number.NEGATIVE_INFINITY) total += Math.exp(logP) * (logP - q[i]!);
  }
  return Math.max(0, total / (p.length / vocabSize)); // rounding can leave -1e-9
}
