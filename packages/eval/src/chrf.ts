/**
 * chrF, chrF+ and chrF++ as sacreBLEU 2.6.0 computes them.
 *
 *   chrFβ = 100 · (1 + β²) P R / (β² P + R)
 *
 * P and R: precision and recall of character n-grams (and of word n-grams when `wordOrder` > 0), averaged
 * over the orders. With several references a segment counts against the one of highest F. Characters are
 * Unicode code points; white space is left out unless asked for. Linear in the length of the text.
 *
 * @see Popović 2015, "chrF"; Popović 2017, "chrF++: words helping character n-grams".
 */
import { checkInteger, checkNumber, checkOptions, type Score } from "@seq/core";
import { checkTexts, type References, scoreCorpus, type TextMetric } from "./corpus.ts";
import { formatSignature, type SignatureFields } from "./signature.ts";
import { addStatistics, headerLength, referencesPerSegment, writeHeader } from "./statistics.ts";
import { NgramTrie } from "./text/ngram-trie.ts";
import { newBuffer, WordNumbers, withRoom, writeCodePoints } from "./text/symbols.ts";
import { removeWhitespace, splitWhitespace } from "./text/whitespace.ts";

export interface ChrfOptions {
  /** Longest character n-gram. Default 6. */
  readonly charOrder?: number;
  /** Longest word n-gram. Default 0; 2 is chrF++. */
  readonly wordOrder?: number;
  /** Weight of recall over precision. Default 2. */
  readonly beta?: number;
  readonly lowercase?: boolean;
  /** Keep white space in character n-grams. Default false. */
  readonly whitespace?: boolean;
  /** Average F over all orders with a small constant for missing ones, as chrF++.py, NLTK and Moses do. Default false. */
  readonly epsilonSmoothing?: boolean;
}

export interface ChrfScore extends Score {
  /** `"chrF2"`, `"chrF2++"` ...: β, and a plus per word order. */
  readonly name: string;
  /** 0 to 100. */
  readonly value: number;
}

const known = ["charOrder", "wordOrder", "beta", "lowercase", "whitespace", "epsilonSmoothing"];
const epsilon = 1e-16;

/** The chrF metric. @throws {OptionError} for unknown options and values out of range. */
export class Chrf implements TextMetric<ChrfScore> {
  readonly name: string;
  readonly signature: string;
  readonly #charOrder: number;
  readonly #wordOrder: number;
  readonly #beta: number;
  readonly #lowercase: boolean;
  readonly #whitespace: boolean;
  readonly #epsilonSmoothing: boolean;
  readonly #fields: SignatureFields;

  // Scratch of one call; nothing in it outlives the call.
  readonly #trie = new NgramTrie();
  readonly #numbers = new WordNumbers();
  #ofHypothesis = newBuffer();
  #ofReference = newBuffer();

  constructor(options: ChrfOptions = {}) {
    checkOptions("Chrf", options, known);
    const { charOrder = 6, wordOrder = 0, beta = 2 } = options;
    this.#charOrder = checkInteger("Chrf", "charOrder", charOrder, { min: 1, max: 100 });
    this.#wordOrder = checkInteger("Chrf", "wordOrder", wordOrder, { min: 0, max: 100 });
    this.#beta = checkNumber("Chrf", "beta", beta, { min: 0 });
    this.#lowercase = options.lowercase ?? false;
    this.#whitespace = options.whitespace ?? false;
    this.#epsilonSmoothing = options.epsilonSmoothing ?? false;
    this.name = `chrF${this.#beta}${"+".repeat(this.#wordOrder)}`;
    this.#fields = [
      ["case", this.#lowercase ? "lc" : "mixed"],
      ["eff", !this.#epsilonSmoothing],
      ["nc", this.#charOrder],
      ["nw", this.#wordOrder],
      ["space", this.#whitespace],
    ];
    this.signature = formatSignature(this.#fields, "sacrebleu");
  }

  /** [header, then per order: n-grams of the hypothesis, of the reference, matched] */
  statistics(hypothesis: string, references: readonly string[]): Float64Array {
    checkTexts(this.name, hypothesis, references);
    const best = this.empty();
    const current = this.empty();
    let bestF = -1;
    for (const reference of references) {
      current.fill(0);
      this.#compareCharacters(hypothesis, reference, current);
      if (this.#wordOrder > 0) this.#compareWords(hypothesis, reference, current);
      const f = this.#fScore(current);
      if (f > bestF) {
        bestF = f;
        best.set(current);
      }
    }
    writeHeader(best, references.length);
    return best;
  }

  merge(left: Float64Array, right: Float64Array): Float64Array {
    return addStatistics(left, right);
  }

  empty(): Float64Array {
    return new Float64Array(headerLength + 3 * (this.#charOrder + this.#wordOrder));
  }

  score(statistics: Float64Array): ChrfScore {
    const fields = [
      ["nrefs", referencesPerSegment(statistics)],
      ...this.#fields,
    ] as SignatureFields;
    return {
      name: this.name,
      value: this.#fScore(statistics),
      signature: formatSignature(fields, "sacrebleu"),
    };
  }

  #compareCharacters(hypothesis: string, reference: string, out: Float64Array): void {
    const left = this.#characters(hypothesis);
    const right = this.#characters(reference);
    this.#makeRoom(left.length, right.length);
    const leftLength = writeCodePoints(left, this.#ofHypothesis);
    const rightLength = writeCodePoints(right, this.#ofReference);
    this.#compare(leftLength, rightLength, this.#charOrder, out, headerLength);
  }

  #compareWords(hypothesis: string, reference: string, out: Float64Array): void {
    const left = splitPunctuation(this.#cased(hypothesis));
    const right = splitPunctuation(this.#cased(reference));
    this.#makeRoom(left.length, right.length);
    this.#numbers.reset();
    this.#numbers.write(left, this.#ofHypothesis);
    this.#numbers.write(right, this.#ofReference);
    const at = headerLength + 3 * this.#charOrder;
    this.#compare(left.length, right.length, this.#wordOrder, out, at);
  }

  #compare(left: number, right: number, order: number, out: Float64Array, at: number): void {
    this.#trie.reset(right * order);
    this.#trie.addReference(this.#ofReference, right, order);
    this.#trie.match(this.#ofHypothesis, left, order, out, at + 2, 3);
    for (let n = 0; n < order; n++) {
      const ofReference = Math.max(0, right - n);
      // The hypothesis counts only where the reference has n-grams of this order.
      out[at + 3 * n] = ofReference > 0 ? Math.max(0, left - n) : 0;
      out[at + 3 * n + 1] = ofReference;
    }
  }

  #fScore(statistics: Float64Array): number {
    const orders = this.#charOrder + this.#wordOrder;
    const factor = this.#beta ** 2;
    let sum = 0;
    let precisions = 0;
    let recalls = 0;
    let effective = 0;
    for (let n = 0; n < orders; n++) {
      const ofHypothesis = statistics[headerLength + 3 * n]!;
      const ofReference = statistics[headerLength + 3 * n + 1]!;
      const matched = statistics[headerLength + 3 * n + 2]!;
      const precision = ofHypothesis > 0 ? matched / ofHypothesis : epsilon;
      const recall = ofReference > 0 ? matched / ofReference : epsilon;
      const denominator = factor * precision + recall;
      sum += denominator > 0 ? ((1 + factor) * precision * recall) / denominator : epsilon;
      if (ofHypothesis > 0 && ofReference > 0) {
        precisions += precision;
        recalls += recall;
        effective++;
      }
    }
    if (this.#epsilonSmoothing) return (100 * sum) / orders;
    if (effective === 0 || precisions + recalls === 0) return 0;
    const precision = precisions / effective;
    const recall = recalls / effective;
    return (100 * (1 + factor) * precision * recall) / (factor * precision + recall);
  }

  #cased(text: string): string {
    return this.#lowercase ? text.toLowerCase() : text;
  }

  #characters(text: string): string {
    return this.#whitespace ? this.#cased(text) : removeWhitespace(this.#cased(text));
  }

  #makeRoom(left: number, right: number): void {
    this.#ofHypothesis = withRoom(this.#ofHypothesis, left);
    this.#ofReference = withRoom(this.#ofReference, right);
  }
}

/**
 * chrF of a corpus.
 *
 * @param references - one list of strings, or several; see `References`.
 * @throws as `Chrf` and `scoreCorpus`.
 * @example corpusChrf(["a cat"], ["a cat"], { wordOrder: 2 }).name // "chrF2++"
 */
export function corpusChrf(
  hypotheses: readonly string[],
  references: References,
  options: ChrfOptions = {},
): ChrfScore {
  return scoreCorpus(new Chrf(options), hypotheses, references);
}

const punctuation = new Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

/** Words with one leading or one trailing ASCII punctuation mark split off: `(hi)` gives `(hi` and `)`. */
function splitPunctuation(text: string): string[] {
  const words: string[] = [];
  for (const word of splitWhitespace(text)) {
    const last = word[word.length - 1]!;
    if (word.length > 1 && punctuation.has(last)) words.push(word.slice(0, -1), last);
    else if (word.length > 1 && punctuation.has(word[0]!)) words.push(word[0]!, word.slice(1));
    else words.push(word);
  }
  return words;
}
