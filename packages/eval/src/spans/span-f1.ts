/**
 * F1 of labelled spans (named entities, chunks): a span counts when its type, its begin and its end are right.
 *
 * Without a scheme, tags are read leniently, as conlleval and seqeval's default do; with one, strictly:
 * what breaks the scheme is no span, and a tag that the scheme does not have is an error.
 *
 * @see Tjong Kim Sang & De Meulder 2003 (CoNLL-2003); Nakayama 2018 (seqeval 1.2.2).
 */
import {
  checkOneOf,
  checkOptions,
  type Metric,
  OptionError,
  type Score,
  ShapeError,
} from "@seq/core";
import {
  type ClassCounts,
  macroAverage,
  microAverage,
  type PrecisionRecall,
  precisionRecall,
  sortedNames,
  weightedAverage,
  type ZeroDivision,
} from "../classification/averages.ts";
import { RunningScore } from "../running-score.ts";
import { formatSignature } from "../signature.ts";
import { lenientSpans } from "./lenient.ts";
import { strictSpans, type TagScheme, tagSchemes } from "./strict.ts";
import type { Span } from "./tags.ts";

export interface SpanF1Options {
  /** Read tags strictly by this scheme. Default: leniently. */
  readonly scheme?: TagScheme;
  /** Tags end with the prefix, `PER-B`. Default false. */
  readonly suffix?: boolean;
  /** What a precision or recall of 0/0 is. Default 0. */
  readonly zeroDivision?: ZeroDivision;
}

/** Counts that add up. */
export interface SpanStatistics {
  /** By type. */
  readonly types: ReadonlyMap<string, Readonly<ClassCounts>>;
  readonly tags: Readonly<TagCounts>;
}

/** Tags, not spans: how seqeval's `performance_measure` counts them. */
export interface TagCounts {
  /** Equal, and not both O. */
  readonly truePositives: number;
  /** Different, where a tag other than O was predicted. */
  readonly falsePositives: number;
  /** O, where another tag belongs. */
  readonly falseNegatives: number;
  /** Both O. */
  readonly trueNegatives: number;
}

export interface SpanF1Score extends Score {
  readonly name: "F1";
  /** Micro-averaged F1, 0 to 1: the number that CoNLL reports (in percent). */
  readonly value: number;
  readonly micro: PrecisionRecall;
  readonly macro: PrecisionRecall;
  readonly weighted: PrecisionRecall;
  /** In the order of the names' code points. */
  readonly types: ReadonlyMap<string, PrecisionRecall>;
  /** Share of right tags. */
  readonly accuracy: number;
  readonly tags: TagCounts;
}

/** The span F1 metric: a segment is a sentence's predicted tags and its true tags. */
export class SpanF1
  implements Metric<readonly string[], readonly string[], SpanStatistics, SpanF1Score>
{
  readonly name = "F1";
  readonly signature: string;
  readonly #scheme: TagScheme | undefined;
  readonly #suffix: boolean;
  readonly #zeroDivision: ZeroDivision;

  constructor(options: SpanF1Options = {}) {
    checkOptions("SpanF1", options, ["scheme", "suffix", "zeroDivision"]);
    this.#scheme =
      options.scheme === undefined
        ? undefined
        : checkOneOf("SpanF1", "scheme", options.scheme, tagSchemes);
    this.#suffix = options.suffix ?? false;
    this.#zeroDivision = options.zeroDivision ?? 0;
    if (this.#zeroDivision !== 0 && this.#zeroDivision !== 1) {
      throw new OptionError(`SpanF1: zeroDivision is ${this.#zeroDivision}, expected 0 or 1.`, {
        code: "OPTION_RANGE",
      });
    }
    this.signature = formatSignature(
      [
        ["mode", this.#scheme === undefined ? "default" : "strict"],
        ["scheme", this.#scheme ?? "any"],
        ["suffix", this.#suffix],
        ["zero", this.#zeroDivision],
      ],
      "seq",
    );
  }

  /** The spans of one tag sequence as this metric reads them. */
  spans(tags: readonly string[]): Span[] {
    return this.#scheme === undefined
      ? lenientSpans(tags, this.#suffix)
      : strictSpans(tags, this.#scheme, this.#suffix);
  }

  /**
   * @throws {ShapeError} `LENGTH_MISMATCH` when the two have different numbers of tags.
   * @throws {FormatError} `TAG` for an empty tag, `TAG_SCHEME` for one that the scheme does not have.
   */
  statistics(predicted: readonly string[], actual: readonly string[]): SpanStatistics {
    if (predicted.length !== actual.length) {
      throw new ShapeError(
        `SpanF1: ${predicted.length} predicted tags for ${actual.length} words; give one per word.`,
        { code: "LENGTH_MISMATCH" },
      );
    }
    const types = new Map<string, ClassCounts>();
    const countsOf = (type: string): ClassCounts => {
      const found = types.get(type) ?? { correct: 0, predicted: 0, actual: 0 };
      types.set(type, found);
      return found;
    };
    const really = new Set<string>();
    for (const span of this.spans(actual)) {
      countsOf(span.type).actual++;
      really.add(keyOf(span));
    }
    for (const span of this.spans(predicted)) {
      const counts = countsOf(span.type);
      counts.predicted++;
      if (really.has(keyOf(span))) counts.correct++;
    }
    return { types, tags: countTags(predicted, actual) };
  }

  merge(left: SpanStatistics, right: SpanStatistics): SpanStatistics {
    const types = new Map(left.types);
    for (const [type, counts] of right.types) {
      const own = types.get(type);
      types.set(type, own === undefined ? counts : addCounts(own, counts));
    }
    return { types, tags: addTags(left.tags, right.tags) };
  }

  empty(): SpanStatistics {
    return { types: new Map(), tags: noTags };
  }

  score({ types, tags }: SpanStatistics): SpanF1Score {
    const names = sortedNames(types.keys());
    const counts = names.map((name) => types.get(name) as ClassCounts);
    const zero = this.#zeroDivision;
    const micro = microAverage(counts, zero);
    const { truePositives, falsePositives, falseNegatives, trueNegatives } = tags;
    const right = truePositives + trueNegatives;
    return {
      name: this.name,
      value: micro.f1,
      signature: this.signature,
      micro,
      macro: macroAverage(counts, zero),
      weighted: weightedAverage(counts, zero),
      types: new Map(names.map((name, i) => [name, precisionRecall(counts[i]!, zero)])),
      accuracy: right / (right + falsePositives + falseNegatives),
      tags,
    };
  }
}

/**
 * Span F1 of a corpus.
 *
 * @param predicted - tags per sentence.
 * @param actual - the true tags of the same sentences.
 * @throws {ShapeError} `SEGMENT_COUNT` when the numbers of sentences differ or are 0.
 * @throws as `SpanF1.statistics`, with the number of the sentence.
 * @example spanF1([["B-PER", "O"]], [["B-PER", "O"]]).value // 1
 */
export function spanF1(
  predicted: readonly (readonly string[])[],
  actual: readonly (readonly string[])[],
  options: SpanF1Options = {},
): SpanF1Score {
  if (predicted.length !== actual.length) {
    throw new ShapeError(
      `spanF1: ${predicted.length} predicted sentences for ${actual.length} true ones; give the same sentences in the same order.`,
      { code: "SEGMENT_COUNT" },
    );
  }
  const running = new RunningScore(new SpanF1(options));
  for (const [i, tags] of predicted.entries()) running.add(tags, actual[i] as readonly string[]);
  return running.score();
}

function keyOf({ type, start, end }: Span): string {
  return `${start} ${end} ${type}`;
}

const noTags: TagCounts = {
  truePositives: 0,
  falsePositives: 0,
  falseNegatives: 0,
  trueNegatives: 0,
};

function countTags(predicted: readonly string[], actual: readonly string[]): TagCounts {
  const counts = { ...noTags } as { -readonly [K in keyof TagCounts]: number };
  for (let i = 0; i < actual.length; i++) {
    if (predicted[i] !== actual[i]) {
      if (predicted[i] === "O") counts.falseNegatives++;
      else counts.falsePositives++;
    } else if (actual[i] === "O") {
      counts.trueNegatives++;
    } else {
      counts.truePositives++;
    }
  }
  return counts;
}

function addCounts(left: Readonly<ClassCounts>, right: Readonly<ClassCounts>): ClassCounts {
  return {
    correct: left.correct + right.correct,
    predicted: left.predicted + right.predicted,
    actual: left.actual + right.actual,
  };
}

function addTags(left: TagCounts, right: TagCounts): TagCounts {
  return {
    truePositives: left.truePositives + right.truePositives,
    falsePositives: left.falsePositives + right.falsePositives,
    falseNegatives: left.falseNegatives + right.falseNegatives,
    trueNegatives: left.trueNegatives + right.trueNegatives,
  };
}
