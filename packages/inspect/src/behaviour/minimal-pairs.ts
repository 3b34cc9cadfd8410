/**
 * Minimal pairs and clozes: what a model finds likelier is what it has understood. A scorer gives the
 * log-probability of each of some sentences, in nats or any other fixed unit; a language model of
 * `@seq/models` behind a tokenizer is one.
 */
import { FormatError } from "@seq/core";

export type SentenceScorer = (sentences: readonly (readonly string[])[]) => ArrayLike<number>;

/** Two sentences that differ in one word. */
export interface MinimalPair {
  readonly right: readonly string[];
  readonly wrong: readonly string[];
  /** Results are grouped by this: number of attractors, distance ... */
  readonly group: number;
}

/** A gap at the end of a text and its candidates. */
export interface Cloze {
  readonly context: readonly string[];
  readonly answer: string;
  /** The answer among them. */
  readonly candidates: readonly string[];
  readonly group: number;
}

export interface GroupResult {
  readonly group: number;
  readonly items: number;
  readonly errors: number;
  /** errors / items */
  readonly errorRate: number;
}

/**
 * The share of pairs whose wrong sentence is at least as likely, by group.
 *
 * @throws {FormatError} `SCORE` when the scorer gives NaN or too few scores.
 */
export function minimalPairErrors(
  pairs: readonly MinimalPair[],
  score: SentenceScorer,
): GroupResult[] {
  const scores = checkedScores(
    pairs.flatMap(({ right, wrong }) => [right, wrong]),
    score,
  );
  return byGroup(pairs, (i) => scores[2 * i]! <= scores[2 * i + 1]!);
}

/**
 * The share of clozes in which another candidate is at least as likely as the answer, by group.
 *
 * @throws {FormatError} `SCORE`; `CLOZE` when an answer is not among its candidates.
 */
export function clozeErrors(clozes: readonly Cloze[], score: SentenceScorer): GroupResult[] {
  const sentences = clozes.flatMap(({ context, candidates }) =>
    candidates.map((candidate) => [...context, candidate]),
  );
  const scores = checkedScores(sentences, score);
  let at = 0;
  const failed = clozes.map(({ answer, candidates }, i) => {
    const own = candidates.indexOf(answer);
    if (own < 0) {
      throw new FormatError(
        `clozeErrors: the answer "${answer}" of item ${i + 1} is not among its candidates.`,
        {
          code: "CLOZE",
          details: { item: i + 1 },
        },
      );
    }
    const base = at;
    at += candidates.length;
    return candidates.some((_, k) => k !== own && scores[base + k]! >= scores[base + own]!);
  });
  return byGroup(clozes, (i) => failed[i] as boolean);
}

function checkedScores(
  sentences: readonly (readonly string[])[],
  score: SentenceScorer,
): ArrayLike<number> {
  const scores = score(sentences);
  if (scores.length !== sentences.length) {
    throw new FormatError(
      `minimal pairs: the scorer gave ${scores.length} scores for ${sentences.length} sentences.`,
      { code: "SCORE" },
    );
  }
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) {
      throw new FormatError(`minimal pairs: the score of "${sentences[i]?.join(" ")}" is NaN.`, {
        code: "SCORE",
      });
    }
  }
  return scores;
}

/** Counts errors by group, lowest group first. */
export function byGroup(
  items: readonly { readonly group: number }[],
  isError: (index: number) => boolean,
): GroupResult[] {
  const counts = new Map<number, { items: number; errors: number }>();
  for (const [i, { group }] of items.entries()) {
    const own = counts.get(group) ?? { items: 0, errors: 0 };
    own.items++;
    if (isError(i)) own.errors++;
    counts.set(group, own);
  }
  return Array.from(counts, ([group, { items, errors }]) => ({
    group,
    items,
    errors,
    errorRate: errors / items,
  })).sort((a, b) => a.group - b.group);
}
