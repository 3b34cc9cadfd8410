/** The share of segments that equal one of their references, character by character. */
import { checkOptions, type Score } from "@seq/core";
import { checkTexts, type References, scoreCorpus, type TextMetric } from "./corpus.ts";
import { formatSignature, type SignatureFields } from "./signature.ts";
import { addStatistics, headerLength, referencesPerSegment, writeHeader } from "./statistics.ts";
import { splitWhitespace } from "./text/whitespace.ts";

export interface ExactMatchOptions {
  readonly lowercase?: boolean;
  /** Treat any run of white space as one space and ignore it at both ends. Default false. */
  readonly normalizeWhitespace?: boolean;
}

export interface ExactMatchScore extends Score {
  /** 0 to 1. */
  readonly value: number;
  readonly matches: number;
  readonly segments: number;
}

/** The exact-match metric. @throws {OptionError} for unknown options. */
export class ExactMatch implements TextMetric<ExactMatchScore> {
  readonly name = "EM";
  readonly signature: string;
  readonly #lowercase: boolean;
  readonly #normalizeWhitespace: boolean;
  readonly #fields: SignatureFields;

  constructor(options: ExactMatchOptions = {}) {
    checkOptions("ExactMatch", options, ["lowercase", "normalizeWhitespace"]);
    this.#lowercase = options.lowercase ?? false;
    this.#normalizeWhitespace = options.normalizeWhitespace ?? false;
    this.#fields = [
      ["case", this.#lowercase ? "lc" : "mixed"],
      ["space", this.#normalizeWhitespace ? "norm" : "exact"],
    ];
    this.signature = formatSignature(this.#fields, "seq");
  }

  /** [header, 1 when equal] */
  statistics(hypothesis: string, references: readonly string[]): Float64Array {
    checkTexts(this.name, hypothesis, references);
    const out = this.empty();
    writeHeader(out, references.length);
    const wanted = this.#normalize(hypothesis);
    out[headerLength] = references.some((reference) => this.#normalize(reference) === wanted)
      ? 1
      : 0;
    return out;
  }

  merge(left: Float64Array, right: Float64Array): Float64Array {
    return addStatistics(left, right);
  }

  empty(): Float64Array {
    return new Float64Array(headerLength + 1);
  }

  score(statistics: Float64Array): ExactMatchScore {
    const segments = statistics[0]!;
    const matches = statistics[headerLength]!;
    const fields = [
      ["nrefs", referencesPerSegment(statistics)],
      ...this.#fields,
    ] as SignatureFields;
    return {
      name: this.name,
      value: segments > 0 ? matches / segments : 0,
      matches,
      segments,
      signature: formatSignature(fields, "seq"),
    };
  }

  #normalize(text: string): string {
    const spaced = this.#normalizeWhitespace ? splitWhitespace(text).join(" ") : text;
    return this.#lowercase ? spaced.toLowerCase() : spaced;
  }
}

/**
 * Exact match of a corpus.
 *
 * @throws as `scoreCorpus`.
 * @example exactMatch(["2026-11-20", "x"], ["2026-11-20", "y"]).value // 0.5
 */
export function exactMatch(
  hypotheses: readonly string[],
  references: References,
  options: ExactMatchOptions = {},
): ExactMatchScore {
  return scoreCorpus(new ExactMatch(options), hypotheses, references);
}
