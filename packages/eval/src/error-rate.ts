/**
 * Word and character error rate, as speech recognition measures them.
 *
 *   rate = (substitutions + deletions + insertions) / reference length
 *
 * A fraction, not percent; it can pass 1. Words stand between white space, characters are Unicode code points
 * with white space among them. Of several references the one of lowest rate counts.
 */
import { checkOptions, type Score } from "@seq/core";
import { checkTexts, type References, scoreCorpus, type TextMetric } from "./corpus.ts";
import { alignmentEdits, type EditCounts } from "./edit-distance.ts";
import { formatSignature, type SignatureFields } from "./signature.ts";
import { addStatistics, headerLength, referencesPerSegment, writeHeader } from "./statistics.ts";
import { WordNumbers, writeCodePoints } from "./text/symbols.ts";
import { splitWhitespace } from "./text/whitespace.ts";

export interface ErrorRateOptions {
  readonly lowercase?: boolean;
}

export interface ErrorRateScore extends Score, EditCounts {
  readonly name: "WER" | "CER";
  /** 0 is perfect. Infinite for insertions against nothing. */
  readonly value: number;
  /** In words or characters. */
  readonly referenceLength: number;
}

/** The error rate metric over words or characters; see `wordErrorRate`. */
export class ErrorRate implements TextMetric<ErrorRateScore> {
  readonly name: "WER" | "CER";
  readonly signature: string;
  readonly #lowercase: boolean;
  readonly #fields: SignatureFields;

  constructor(unit: "word" | "character", options: ErrorRateOptions = {}) {
    checkOptions("ErrorRate", options, ["lowercase"]);
    this.name = unit === "word" ? "WER" : "CER";
    this.#lowercase = options.lowercase ?? false;
    this.#fields = [["case", this.#lowercase ? "lc" : "mixed"]];
    this.signature = formatSignature(this.#fields, "seq");
  }

  /** [header, substitutions, deletions, insertions, reference length] */
  statistics(hypothesis: string, references: readonly string[]): Float64Array {
    checkTexts(this.name, hypothesis, references);
    const numbers = new WordNumbers();
    const own = this.#symbols(hypothesis, numbers);
    const out = this.empty();
    writeHeader(out, references.length);
    let best: number | undefined;
    for (const reference of references) {
      const symbols = this.#symbols(reference, numbers);
      const { substitutions, deletions, insertions } = alignmentEdits(own, symbols);
      const rate = rateOf(substitutions + deletions + insertions, symbols.length);
      if (best === undefined || rate < best) {
        best = rate;
        out.set([substitutions, deletions, insertions, symbols.length], headerLength);
      }
    }
    return out;
  }

  merge(left: Float64Array, right: Float64Array): Float64Array {
    return addStatistics(left, right);
  }

  empty(): Float64Array {
    return new Float64Array(headerLength + 4);
  }

  score(statistics: Float64Array): ErrorRateScore {
    const [substitutions, deletions, insertions, referenceLength] = statistics.subarray(
      headerLength,
    ) as unknown as [number, number, number, number];
    const fields = [
      ["nrefs", referencesPerSegment(statistics)],
      ...this.#fields,
    ] as SignatureFields;
    return {
      name: this.name,
      value: rateOf(substitutions + deletions + insertions, referenceLength),
      signature: formatSignature(fields, "seq"),
      substitutions,
      deletions,
      insertions,
      referenceLength,
    };
  }

  #symbols(text: string, numbers: WordNumbers): Int32Array {
    const cased = this.#lowercase ? text.toLowerCase() : text;
    if (this.name === "CER") {
      const points = new Int32Array(cased.length);
      return points.subarray(0, writeCodePoints(cased, points));
    }
    const words = splitWhitespace(cased);
    const symbols = new Int32Array(words.length);
    numbers.write(words, symbols);
    return symbols;
  }
}

/**
 * Word error rate of a corpus.
 *
 * @throws as `scoreCorpus`.
 * @example wordErrorRate(["the cat sat"], ["the cat sat down"]).value // 0.25
 */
export function wordErrorRate(
  hypotheses: readonly string[],
  references: References,
  options: ErrorRateOptions = {},
): ErrorRateScore {
  return scoreCorpus(new ErrorRate("word", options), hypotheses, references);
}

/** Character error rate of a corpus; as `wordErrorRate`. */
export function characterErrorRate(
  hypotheses: readonly string[],
  references: References,
  options: ErrorRateOptions = {},
): ErrorRateScore {
  return scoreCorpus(new ErrorRate("character", options), hypotheses, references);
}

function rateOf(edits: number, length: number): number {
  if (length === 0) return edits === 0 ? 0 : Number.POSITIVE_INFINITY;
  return edits / length;
}
