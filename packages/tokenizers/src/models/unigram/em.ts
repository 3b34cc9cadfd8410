/**
 * Expectation and maximisation of the unigram language model (Kudo 2018, section 3.2), over lattices
 * given as edges.
 *
 *   alpha[0] = 1,  alpha[j] = Σ alpha[i] p(piece)   over the edges i -> j
 *   beta[n] = 1,   beta[i]  = Σ p(piece) beta[j]
 *   expected count of an edge = count of the word * alpha[i] p(piece) beta[j] / alpha[n]
 *
 * Probabilities are kept as they are, not as logarithms: only additions and multiplications in the
 * loops, so every engine gives the same bits. Long words are scaled by powers of two, which is exact.
 */
import { log, powerOf2 } from "../../training/portable-math.ts";
import type { PieceEdges } from "./piece-edges.ts";
import type { TrainingText } from "./training-text.ts";

/** Up to this length no product of probabilities leaves the range of a double. */
const safeLength = 32;
/**
 * Every 8 characters, values below 2^-250 are multiplied by 2^250. Best paths lose at most 30 bits a
 * character (`leastCharacterProb`), so values stay above 2^-490, and products of two in range.
 */
const scaleBits = 250;
const scaleInterval = 8;

export interface Expectation {
  /** Expected count of each piece. */
  readonly counts: Float64Array;
  /** Σ count(word) ln P(word), nats. */
  readonly logLikelihood: number;
}

/** Keeps the scratch arrays of the passes over a corpus. */
export class ExpectationStep {
  readonly #corpus: TrainingText;
  readonly #alpha: Float64Array;
  readonly #beta: Float64Array;
  /** Long words: powers of two that were put into alpha so far, at each position. */
  readonly #alphaBits: Int32Array;

  constructor(corpus: TrainingText) {
    this.#corpus = corpus;
    let longest = 0;
    for (let run = 0; run < corpus.counts.length; run++) {
      const length = (corpus.starts[run + 1] as number) - (corpus.starts[run] as number);
      longest = Math.max(longest, length);
    }
    this.#alpha = new Float64Array(longest + 1);
    this.#beta = new Float64Array(longest + 1);
    this.#alphaBits = new Int32Array(longest + 1);
  }

  run(pieces: PieceEdges, probs: Float64Array): Expectation {
    const { starts, counts } = this.#corpus;
    const expected = new Float64Array(probs.length);
    let logLikelihood = 0;
    for (let run = 0; run < counts.length; run++) {
      const begin = starts[run] as number;
      const length = (starts[run + 1] as number) - begin;
      const count = counts[run] as number;
      const logProb =
        length <= safeLength
          ? this.#short(pieces, probs, begin, length, count, expected)
          : this.#long(pieces, probs, begin, length, count, expected);
      logLikelihood += count * logProb;
    }
    return { counts: expected, logLikelihood };
  }

  #short(
    { begins, edges, lengths }: PieceEdges,
    probs: Float64Array,
    begin: number,
    length: number,
    count: number,
    expected: Float64Array,
  ): number {
    const alpha = this.#alpha;
    const beta = this.#beta;
    alpha.fill(0, 0, length + 1);
    alpha[0] = 1;
    for (let i = 0; i < length; i++) {
      const reach = alpha[i] as number;
      const last = begins[begin + i + 1] as number;
      for (let e = begins[begin + i] as number; e < last; e++) {
        const piece = edges[e] as number;
        const j = i + (lengths[piece] as number);
        alpha[j] = (alpha[j] as number) + reach * (probs[piece] as number);
      }
    }
    const total = alpha[length] as number;
    const scale = count / total;
    beta[length] = 1;
    for (let i = length - 1; i >= 0; i--) {
      const weight = (alpha[i] as number) * scale;
      const last = begins[begin + i + 1] as number;
      let sum = 0;
      for (let e = begins[begin + i] as number; e < last; e++) {
        const piece = edges[e] as number;
        const term = (probs[piece] as number) * (beta[i + (lengths[piece] as number)] as number);
        sum += term;
        expected[piece] = (expected[piece] as number) + weight * term;
      }
      beta[i] = sum;
    }
    return log(total);
  }

  /**
   * The same for any length. All values that edges can still reach share one scale: once all of them
   * are small they are multiplied by 2^250, and the number of such bits is kept.
   */
  #long(
    { begins, edges, lengths, maxLength }: PieceEdges,
    probs: Float64Array,
    begin: number,
    length: number,
    count: number,
    expected: Float64Array,
  ): number {
    const alpha = this.#alpha;
    const beta = this.#beta;
    alpha.fill(0, 0, length + 1);
    alpha[0] = 1;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      if (i % scaleInterval === 0) {
        bits += liftWhenSmall(alpha, i, Math.min(length, i + maxLength));
      }
      this.#alphaBits[i] = bits;
      const reach = alpha[i] as number;
      const last = begins[begin + i + 1] as number;
      for (let e = begins[begin + i] as number; e < last; e++) {
        const piece = edges[e] as number;
        const j = i + (lengths[piece] as number);
        alpha[j] = (alpha[j] as number) + reach * (probs[piece] as number);
      }
    }
    const total = alpha[length] as number;
    const totalBits = bits;
    beta[length] = 1;
    bits = 0;
    for (let i = length - 1; i >= 0; i--) {
      if (i % scaleInterval === 0) {
        bits += liftWhenSmall(beta, i + 1, Math.min(length, i + maxLength));
      }
      const shift = totalBits - (this.#alphaBits[i] as number) - bits;
      const weight = ((alpha[i] as number) / total) * powerOf2(shift) * count;
      const last = begins[begin + i + 1] as number;
      let sum = 0;
      for (let e = begins[begin + i] as number; e < last; e++) {
        const piece = edges[e] as number;
        const term = (probs[piece] as number) * (beta[i + (lengths[piece] as number)] as number);
        sum += term;
        expected[piece] = (expected[piece] as number) + weight * term;
      }
      beta[i] = sum;
    }
    return log(total) - totalBits * Math.LN2;
  }
}

/** Multiplies values[from..to] by 2^250 when all of them are below 2^-250; returns the bits. */
function liftWhenSmall(values: Float64Array, from: number, to: number): number {
  const small = 2 ** -scaleBits; // exact in every engine, as all powers of two
  let greatest = 0;
  for (let j = from; j <= to; j++) greatest = Math.max(greatest, values[j] as number);
  if (greatest >= small || greatest === 0) return 0;
  for (let j = from; j <= to; j++) values[j] = (values[j] as number) * 2 ** scaleBits;
  return scaleBits;
}
