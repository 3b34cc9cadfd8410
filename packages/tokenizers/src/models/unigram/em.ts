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
const scaleBits = 400;

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
  /** Powers of two taken out of alpha and beta so far, at each position of a long word. */
  readonly #alphaBits: Int32Array;
  readonly #betaBits: Int32Array;

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
    this.#betaBits = new Int32Array(longest + 1);
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

  /** The same; wherever a value became small, all live values are multiplied by 2^400. */
  #long(
    { begins, edges, lengths }: PieceEdges,
    probs: Float64Array,
    begin: number,
    length: number,
    count: number,
    expected: Float64Array,
  ): number {
    const alpha = this.#alpha;
    const beta = this.#beta;
    const up = powerOf2(scaleBits);
    const small = powerOf2(-scaleBits);
    alpha.fill(0, 0, length + 1);
    alpha[0] = 1;
    let bits = 0;
    for (let i = 0; i < length; i++) {
      if (alpha[i] !== 0 && (alpha[i] as number) < small) {
        for (let j = i; j <= length && (j <= i + safeLength || alpha[j] !== 0); j++) {
          alpha[j] = (alpha[j] as number) * up;
        }
        bits += scaleBits;
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
    this.#betaBits[length] = 0;
    for (let i = length - 1; i >= 0; i--) {
      const last = begins[begin + i + 1] as number;
      let sum = 0;
      for (let e = begins[begin + i] as number; e < last; e++) {
        const piece = edges[e] as number;
        const j = i + (lengths[piece] as number);
        // Bring beta[j] to the scale of now; it was left at the scale of its own position.
        const behind = bits - (this.#betaBits[j] as number);
        const ahead = (beta[j] as number) * (behind === 0 ? 1 : powerOf2(Math.min(1000, behind)));
        const term = (probs[piece] as number) * ahead;
        sum += term;
        const shift = totalBits - (this.#alphaBits[i] as number) - bits;
        const part = ((alpha[i] as number) / total) * term;
        expected[piece] = (expected[piece] as number) + count * scaleBack(part, shift);
      }
      beta[i] = sum;
      if (sum !== 0 && sum < small) {
        beta[i] = sum * up;
        bits += scaleBits;
      }
      this.#betaBits[i] = bits;
    }
    return log(total) - totalBits * Math.LN2;
  }
}

/** value * 2^shift, in steps that stay in range. */
function scaleBack(value: number, shift: number): number {
  let result = value;
  let left = shift;
  while (left > 1000) {
    result *= powerOf2(1000);
    left -= 1000;
  }
  while (left < -1000) {
    result *= powerOf2(-1000);
    left += 1000;
  }
  return left === 0 ? result : result * powerOf2(left);
}
