/**
 * ROUGE-N and ROUGE-L, by segment, averaged over the corpus, as the Python package `rouge-score` reports them
 * (without its stemmer, and without ROUGE-Lsum, which wants sentence splits).
 *
 *   ROUGE-N: clipped n-gram matches over those of the reference (recall) and of the hypothesis (precision)
 *   ROUGE-L: the same with the longest common subsequence of words;   F = 2 P R / (P + R)
 *
 * Of several references the one of highest F counts.
 *
 * @see Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries", eq. 1-4.
 */
import { checkOneOf, checkOptions, OptionError, type Score } from "@seq/core";
import { checkTexts, type References, scoreCorpus, type TextMetric } from "./corpus.ts";
import { formatSignature, type SignatureFields } from "./signature.ts";
import { addStatistics, headerLength, referencesPerSegment, writeHeader } from "./statistics.ts";
import { NgramTrie } from "./text/ngram-trie.ts";
import { WordNumbers } from "./text/symbols.ts";
import { splitWhitespace } from "./text/whitespace.ts";

/** `"rouge1"` to `"rouge9"`, or `"rougeL"`. */
export type RougeVariant = `rouge${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | "L"}`;

export interface RougeOptions {
  /**
   * Words: `"ascii"` lowercases and keeps runs of a-z and 0-9 (rouge-score's rule, default; other scripts
   * vanish), `"unicode"` lowercases and keeps runs of letters, marks and digits of any script, `"whitespace"`
   * leaves the text as it is.
   */
  readonly tokenize?: "ascii" | "unicode" | "whitespace";
}

export interface RougeScore extends Score {
  /** Mean F over the segments, 0 to 1. */
  readonly value: number;
  readonly precision: number;
  readonly recall: number;
}

/** The ROUGE metric. @throws {OptionError} for unknown variants and options. */
export class Rouge implements TextMetric<RougeScore> {
  readonly name: RougeVariant;
  readonly signature: string;
  readonly #order: number; // 0: longest common subsequence
  readonly #tokenize: "ascii" | "unicode" | "whitespace";
  readonly #fields: SignatureFields;
  readonly #trie = new NgramTrie(); // scratch

  constructor(variant: RougeVariant, options: RougeOptions = {}) {
    checkOptions("Rouge", options, ["tokenize"]);
    if (!/^rouge[1-9L]$/.test(variant)) {
      throw new OptionError(
        `Rouge: variant is "${variant}", expected "rouge1" to "rouge9" or "rougeL".`,
        {
          code: "OPTION_RANGE",
        },
      );
    }
    this.name = variant;
    this.#order = variant === "rougeL" ? 0 : Number(variant.slice(5));
    this.#tokenize = checkOneOf("Rouge", "tokenize", options.tokenize ?? "ascii", [
      "ascii",
      "unicode",
      "whitespace",
    ]);
    this.#fields = [["tok", this.#tokenize]];
    this.signature = formatSignature(this.#fields, "seq");
  }

  /** [header, precision, recall, F] */
  statistics(hypothesis: string, references: readonly string[]): Float64Array {
    checkTexts(this.name, hypothesis, references);
    const numbers = new WordNumbers();
    const own = this.#words(hypothesis, numbers);
    const out = this.empty();
    writeHeader(out, references.length);
    let best = -1;
    for (const reference of references) {
      const [precision, recall] = this.#compare(own, this.#words(reference, numbers));
      const f = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
      if (f > best) {
        best = f;
        out.set([precision, recall, f], headerLength);
      }
    }
    return out;
  }

  merge(left: Float64Array, right: Float64Array): Float64Array {
    return addStatistics(left, right);
  }

  empty(): Float64Array {
    return new Float64Array(headerLength + 3);
  }

  score(statistics: Float64Array): RougeScore {
    const segments = statistics[0]!;
    const mean = (k: number) => (segments > 0 ? statistics[headerLength + k]! / segments : 0);
    const fields = [
      ["nrefs", referencesPerSegment(statistics)],
      ...this.#fields,
    ] as SignatureFields;
    return {
      name: this.name,
      value: mean(2),
      precision: mean(0),
      recall: mean(1),
      signature: formatSignature(fields, "seq"),
    };
  }

  #compare(
    hypothesis: Int32Array,
    reference: Int32Array,
  ): readonly [precision: number, recall: number] {
    const order = Math.max(1, this.#order);
    const ofHypothesis = Math.max(0, hypothesis.length - order + 1);
    const ofReference = Math.max(0, reference.length - order + 1);
    if (ofHypothesis === 0 || ofReference === 0) return [0, 0];
    const matched =
      this.#order === 0
        ? commonSubsequence(hypothesis, reference)
        : this.#matches(hypothesis, reference);
    return [matched / ofHypothesis, matched / ofReference];
  }

  #matches(hypothesis: Int32Array, reference: Int32Array): number {
    const counts = new Float64Array(this.#order);
    this.#trie.reset(reference.length * this.#order);
    this.#trie.addReference(reference, reference.length, this.#order);
    this.#trie.match(hypothesis, hypothesis.length, this.#order, counts, 0, 1);
    return counts[this.#order - 1]!;
  }

  #words(text: string, numbers: WordNumbers): Int32Array {
    const words = splitWords(text, this.#tokenize);
    const out = new Int32Array(words.length);
    numbers.write(words, out);
    return out;
  }
}

/**
 * ROUGE of a corpus.
 *
 * @throws as `Rouge` and `scoreCorpus`.
 * @example corpusRouge("rouge1", ["police kill the gunman"], ["police killed the gunman"]).value // 0.75
 */
export function corpusRouge(
  variant: RougeVariant,
  hypotheses: readonly string[],
  references: References,
  options: RougeOptions = {},
): RougeScore {
  return scoreCorpus(new Rouge(variant, options), hypotheses, references);
}

function splitWords(text: string, how: "ascii" | "unicode" | "whitespace"): string[] {
  if (how === "whitespace") return splitWhitespace(text);
  const pattern = how === "ascii" ? /[a-z0-9]+/g : /[\p{L}\p{M}\p{N}]+/gu;
  return text.toLowerCase().match(pattern) ?? [];
}

/** Length of the longest common subsequence. Time: product of the lengths; memory: one row. */
function commonSubsequence(a: Int32Array, b: Int32Array): number {
  const row = new Int32Array(b.length + 1);
  for (const symbol of a) {
    let diagonal = 0; // the row above, one to the left
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      row[j] = symbol === b[j - 1] ? diagonal + 1 : Math.max(above, row[j - 1]!);
      diagonal = above;
    }
  }
  return row[b.length]!;
}
