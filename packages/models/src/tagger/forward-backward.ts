/**
 * The forward-backward and Viterbi algorithms of a linear-chain CRF, in float64 on plain arrays.
 *
 * Cost: O(time * tagCount^2) per sequence.
 *
 * @see Lafferty, McCallum & Pereira 2001; Rabiner 1989 for the recursions.
 */
import type { ChainScores } from "./crf-reference.ts";

/** What a gold sequence costs, and how the cost moves with every score. */
export interface ChainLikelihood {
  /** ln Z - s(gold), in nats. */
  readonly loss: number;
  /** d loss / d emissions: marginals less the gold tags; `[time * tagCount]`. */
  readonly emissions: Float64Array;
  /** d loss / d transitions: expected less observed counts; `[tagCount * tagCount]`. */
  readonly transitions: Float64Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
}

/** Negative log-likelihood of gold tags with its exact gradient. */
export function chainLikelihood(
  chain: ChainScores,
  tags: ArrayLike<number>,
  time: number,
): ChainLikelihood {
  const { tagCount: count } = chain;
  const forward = forwardScores(chain, time);
  const backward = backwardScores(chain, time);
  const last = (time - 1) * count;
  const finals = new Float64Array(count);
  for (let k = 0; k < count; k++) finals[k] = forward[last + k]! + chain.end[k]!;
  const logZ = logSumExp(finals, 0, count);

  const gradient = {
    emissions: new Float64Array(time * count),
    transitions: new Float64Array(count * count),
    start: new Float64Array(count),
    end: new Float64Array(count),
  };
  let gold = 0;
  for (let t = 0; t < time; t++) {
    const tag = tags[t] as number;
    const row = t * count;
    for (let k = 0; k < count; k++) {
      gradient.emissions[row + k] = Math.exp(forward[row + k]! + backward[row + k]! - logZ);
    }
    gradient.emissions[row + tag]! -= 1;
    gold += chain.emissions[row + tag]!;
    if (t > 0) gold += addTransition(chain, gradient.transitions, forward, backward, t, tags, logZ);
  }
  for (let k = 0; k < count; k++) {
    gradient.start[k] = gradient.emissions[k]!;
    gradient.end[k] = gradient.emissions[last + k]!;
  }
  gold += chain.start[tags[0] as number]! + chain.end[tags[time - 1] as number]!;
  return { loss: logZ - gold, ...gradient };
}

/** Adds the expected transitions between t-1 and t, less the gold one; returns the gold one's score. */
function addTransition(
  { tagCount: count, emissions, transitions }: ChainScores,
  gradient: Float64Array,
  forward: Float64Array,
  backward: Float64Array,
  t: number,
  tags: ArrayLike<number>,
  logZ: number,
): number {
  const before = (t - 1) * count;
  const row = t * count;
  for (let from = 0; from < count; from++) {
    const reached = forward[before + from]! - logZ;
    for (let to = 0; to < count; to++) {
      const edge = from * count + to;
      const step = transitions[edge]! + emissions[row + to]! + backward[row + to]!;
      gradient[edge]! += Math.exp(reached + step);
    }
  }
  const gold = (tags[t - 1] as number) * count + (tags[t] as number);
  gradient[gold]! -= 1;
  return transitions[gold]!;
}

/** α_t[k] = ln Σ over prefixes that end in tag k at time t. */
function forwardScores(chain: ChainScores, time: number): Float64Array {
  const { tagCount: count, emissions, transitions, start } = chain;
  const alpha = new Float64Array(time * count);
  const terms = new Float64Array(count);
  for (let k = 0; k < count; k++) alpha[k] = start[k]! + emissions[k]!;
  for (let t = 1; t < time; t++) {
    const before = (t - 1) * count;
    for (let to = 0; to < count; to++) {
      for (let from = 0; from < count; from++) {
        terms[from] = alpha[before + from]! + transitions[from * count + to]!;
      }
      alpha[t * count + to] = logSumExp(terms, 0, count) + emissions[t * count + to]!;
    }
  }
  return alpha;
}

/** β_t[k] = ln Σ over suffixes after tag k at time t. */
function backwardScores(chain: ChainScores, time: number): Float64Array {
  const { tagCount: count, emissions, transitions, end } = chain;
  const beta = new Float64Array(time * count);
  const terms = new Float64Array(count);
  for (let k = 0; k < count; k++) beta[(time - 1) * count + k] = end[k]!;
  for (let t = time - 2; t >= 0; t--) {
    const after = (t + 1) * count;
    for (let from = 0; from < count; from++) {
      for (let to = 0; to < count; to++) {
        terms[to] = transitions[from * count + to]! + emissions[after + to]! + beta[after + to]!;
      }
      beta[t * count + from] = logSumExp(terms, 0, count);
    }
  }
  return beta;
}

/** The best tag sequence and its score s(y); ties go to the lower tag. */
export function viterbi(chain: ChainScores, time: number): { tags: Int32Array; score: number } {
  const { tagCount: count, emissions, transitions, start, end } = chain;
  const best = new Float64Array(time * count);
  const back = new Int32Array(time * count);
  for (let k = 0; k < count; k++) best[k] = start[k]! + emissions[k]!;
  for (let t = 1; t < time; t++) {
    for (let to = 0; to < count; to++) {
      let top = Number.NEGATIVE_INFINITY;
      let from = 0;
      for (let k = 0; k < count; k++) {
        const score = best[(t - 1) * count + k]! + transitions[k * count + to]!;
        if (score > top) {
          top = score;
          from = k;
        }
      }
      best[t * count + to] = top + emissions[t * count + to]!;
      back[t * count + to] = from;
    }
  }
  let score = Number.NEGATIVE_INFINITY;
  let tag = 0;
  for (let k = 0; k < count; k++) {
    const total = best[(time - 1) * count + k]! + end[k]!;
    if (total > score) {
      score = total;
      tag = k;
    }
  }
  const tags = new Int32Array(time);
  for (let t = time - 1; t >= 0; t--) {
    tags[t] = tag;
    tag = back[t * count + tag]!;
  }
  return { tags, score };
}

function logSumExp(values: Float64Array, from: number, to: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) if (values[i]! > max) max = values[i]!;
  if (max === Number.NEGATIVE_INFINITY) return max;
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.exp(values[i]! - max);
  return max + Math.log(sum);
}
