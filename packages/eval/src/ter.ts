/**
 * Translation edit rate as sacreBLEU 2.6.0 computes it (Tercom's shifts and word splitting).
 *
 *   TER = 100 · edits / reference words
 *
 * Edits: words inserted, deleted, replaced, and runs of words shifted. With several references: the edits to
 * the nearest, over the mean of their lengths. Lower is better; it can pass 100.
 *
 * @see Snover et al. 2006.
 */
import { checkOptions, type Score } from "@seq/core";
import { checkTexts, type References, scoreCorpus, type TextMetric } from "./corpus.ts";
import { formatSignature, type SignatureFields } from "./signature.ts";
import { addStatistics, headerLength, referencesPerSegment, writeHeader } from "./statistics.ts";
import { countEdits } from "./ter/shifts.ts";
import { WordNumbers } from "./text/symbols.ts";
import { trimEndWhitespace } from "./text/whitespace.ts";
import { type TercomOptions, tokenizeTercom } from "./tokenizers/tercom.ts";

export type TerOptions = TercomOptions;

export interface TerScore extends Score {
  readonly name: "TER";
  /** In percent; 0 is a perfect match. */
  readonly value: number;
  readonly edits: number;
  /** Sum over the segments of the mean number of reference words. */
  readonly referenceLength: number;
}

/** The TER metric. @throws {OptionError} for unknown options. */
export class Ter implements TextMetric<TerScore> {
  readonly name = "TER";
  readonly signature: string;
  readonly #options: TercomOptions;
  readonly #fields: SignatureFields;

  constructor(options: TerOptions = {}) {
    checkOptions("Ter", options, ["normalized", "noPunctuation", "asianSupport", "caseSensitive"]);
    this.#options = { ...options };
    this.#fields = [
      ["case", options.caseSensitive ? "mixed" : "lc"],
      ["tok", "tercom"],
      ["norm", options.normalized ?? false],
      ["punct", !options.noPunctuation],
      ["asian", options.asianSupport ?? false],
    ];
    this.signature = formatSignature(this.#fields, "sacrebleu");
  }

  /** [header, edits, reference words] */
  statistics(hypothesis: string, references: readonly string[]): Float64Array {
    checkTexts(this.name, hypothesis, references);
    const numbers = new WordNumbers();
    const own = this.#words(hypothesis, numbers);
    let edits = Number.POSITIVE_INFINITY;
    let length = 0;
    for (const reference of references) {
      // The reference tool splits references twice ("cat's." gives "cat's ." and then "cat 's ."): scores must agree.
      const once = tokenizeTercom(trimEndWhitespace(reference), this.#options).join(" ");
      const words = this.#words(once, numbers);
      edits = Math.min(edits, countEdits(own, words));
      length += words.length;
    }
    const out = this.empty();
    writeHeader(out, references.length);
    out[headerLength] = edits;
    out[headerLength + 1] = length / references.length;
    return out;
  }

  merge(left: Float64Array, right: Float64Array): Float64Array {
    return addStatistics(left, right);
  }

  empty(): Float64Array {
    return new Float64Array(headerLength + 2);
  }

  /** Without a reference word: 0 when there is no edit either, else 100. */
  score(statistics: Float64Array): TerScore {
    const edits = statistics[headerLength]!;
    const referenceLength = statistics[headerLength + 1]!;
    const rate = referenceLength > 0 ? edits / referenceLength : edits > 0 ? 1 : 0;
    const fields = [
      ["nrefs", referencesPerSegment(statistics)],
      ...this.#fields,
    ] as SignatureFields;
    return {
      name: this.name,
      value: 100 * rate,
      signature: formatSignature(fields, "sacrebleu"),
      edits,
      referenceLength,
    };
  }

  #words(text: string, numbers: WordNumbers): Int32Array {
    const words = tokenizeTercom(trimEndWhitespace(text), this.#options);
    const out = new Int32Array(words.length);
    numbers.write(words, out);
    return out;
  }
}

/**
 * TER of a corpus.
 *
 * @param references - one list of strings, or several; see `References`.
 * @throws as `Ter` and `scoreCorpus`.
 * @example corpusTer(["b c a"], ["a b c"]).edits // 1, one shift
 */
export function corpusTer(
  hypotheses: readonly string[],
  references: References,
  options: TerOptions = {},
): TerScore {
  return scoreCorpus(new Ter(options), hypotheses, references);
}
