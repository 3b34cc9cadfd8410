/** The linear-chain CRF by its definition, for tests: sums over every tag sequence. Exponential cost. */

export interface ChainScores {
  readonly tagCount: number;
  /** `[time * tagCount]` */
  readonly emissions: ArrayLike<number>;
  /** `[from * tagCount + to]` */
  readonly transitions: ArrayLike<number>;
  readonly start: ArrayLike<number>;
  readonly end: ArrayLike<number>;
}

/** s(y) = start[y_1] + Σ_t emissions[t][y_t] + Σ_t transitions[y_{t-1}][y_t] + end[y_n] */
export function sequenceScore(chain: ChainScores, tags: readonly number[]): number {
  const { tagCount, emissions, transitions, start, end } = chain;
  let score = (start[tags[0] as number] as number) + (end[tags.at(-1) as number] as number);
  tags.forEach((tag, t) => {
    score += emissions[t * tagCount + tag] as number;
    if (t > 0) score += transitions[(tags[t - 1] as number) * tagCount + tag] as number;
  });
  return score;
}

export function allSequences(tagCount: number, time: number): number[][] {
  let sequences: number[][] = [[]];
  for (let t = 0; t < time; t++) {
    sequences = sequences.flatMap((prefix) =>
      Array.from({ length: tagCount }, (_, tag) => [...prefix, tag]),
    );
  }
  return sequences;
}

/** ln Σ_y exp s(y) */
export function logPartition(chain: ChainScores, time: number): number {
  const scores = allSequences(chain.tagCount, time).map((tags) => sequenceScore(chain, tags));
  const max = Math.max(...scores);
  return max + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - max), 0));
}
