/**
 * The metric interface: preprocess -> statistics per segment -> score from summed statistics.
 * Statistics are plain numbers that add up, so a corpus may come in shards or as a stream.
 */

export interface Score {
  /** `"BLEU"`, `"chrF2"` ... */
  readonly name: string;
  readonly value: number;
  /** The settings that produced it, as the reference tool writes them: `"nrefs:1|case:mixed|..."`. */
  readonly signature: string;
}

export interface Metric<Hypothesis, Reference, Statistics, S extends Score = Score> {
  readonly name: string;
  readonly signature: string;
  /** Statistics of one segment. */
  statistics(hypothesis: Hypothesis, references: Reference): Statistics;
  /** A new sum; neither argument is modified. */
  merge(left: Statistics, right: Statistics): Statistics;
  /** The statistics of nothing: the identity of `merge`. */
  empty(): Statistics;
  score(statistics: Statistics): S;
}
