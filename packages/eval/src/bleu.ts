/**
 * BLEU as sacreBLEU 2.6.0 computes it.
 *
 *   BLEU = 100 · BP · exp( (1/N) Σ_n ln p_n )     BP = 1 if c ≥ r, else exp(1 - r/c)
 *
 * p_n: clipped n-gram precision over the corpus; c: length of the hypotheses, r: of the closest reference
 * of each segment (the shorter one of a tie). Linear in the length of the text.
 *
 * @see Papineni et al. 2002; smoothing: Chen & Cherry 2014; Post 2018, "A Call for Clarity in Reporting BLEU Scores".
 */
import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  OptionError,
  type Score,
} from "@seq/core";
import { checkTexts, type References, scoreCorpus, type TextMetric } from "./corpus.ts";
import { formatFixed } from "./format.ts";
import { formatSignature, type SignatureFields } from "./signature.ts";
import { addStatistics, headerLength, referencesPerSegment, writeHeader } from "./statistics.ts";
import { NgramTrie } from "./text/ngram-trie.ts";
import { newBuffer, WordNumbers, withRoom } from "./text/symbols.ts";
import { trimEndWhitespace } from "./text/whitespace.ts";
import { type BleuTokenizer, bleuTokenizers, tokenizeForBleu } from "./tokenizers/mteval.ts";

/** What stands for a precision of 0: see `Bleu`. */
export type BleuSmoothing = "exp" | "floor" | "add-k" | "none";

const smoothingMethods = ["exp", "floor", "add-k", "none"] as const;
const defaultSmoothingValue = { exp: undefined, floor: 0.1, "add-k": 1, none: undefined } as const;

export interface BleuOptions {
  /** How a line becomes words. Default `"13a"`, the WMT standard. */
  readonly tokenize?: BleuTokenizer;
  /** Default `"exp"`. */
  readonly smoothing?: BleuSmoothing;
  /** The floor (default 0.1) or the k (default 1). */
  readonly smoothingValue?: number;
  /** Average only over the orders that the hypotheses are long enough for. Default false; for sentences use true. */
  readonly effectiveOrder?: boolean;
  readonly lowercase?: boolean;
  /** N. Default 4. */
  readonly maxOrder?: number;
}

export interface BleuScore extends Score {
  readonly name: "BLEU";
  /** 0 to 100. */
  readonly value: number;
  /** Per order, in percent, smoothed. */
  readonly precisions: readonly number[];
  /** Matched n-grams per order; with add-k smoothing k is added, as in the reference tool. */
  readonly counts: readonly number[];
  readonly totals: readonly number[];
  readonly brevityPenalty: number;
  /** In words. */
  readonly hypothesisLength: number;
  readonly referenceLength: number;
  /** `82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)` */
  readonly verbose: string;
}

const known = [
  "tokenize",
  "smoothing",
  "smoothingValue",
  "effectiveOrder",
  "lowercase",
  "maxOrder",
];

/**
 * The BLEU metric: statistics of a segment, and the score of summed statistics.
 *
 * Smoothing of a precision with no match: `exp` halves it once more per such order (mteval's NIST
 * smoothing), `floor` counts `smoothingValue` matches, `add-k` adds k to matches and totals of orders
 * above 1, `none` gives BLEU 0.
 *
 * @throws {OptionError} for unknown options, tokenizers and smoothing methods, and values out of range.
 */
export class Bleu implements TextMetric<BleuScore> {
  readonly name = "BLEU";
  readonly signature: string;
  readonly maxOrder: number;
  readonly #tokenize: BleuTokenizer;
  readonly #smoothing: BleuSmoothing;
  readonly #smoothingValue: number;
  readonly #effectiveOrder: boolean;
  readonly #lowercase: boolean;
  readonly #fields: SignatureFields;

  // Scratch of one call; nothing in it outlives the call.
  readonly #trie = new NgramTrie();
  readonly #numbers = new WordNumbers();
  #symbols = newBuffer();

  constructor(options: BleuOptions = {}) {
    checkOptions("Bleu", options, known);
    this.#tokenize = checkOneOf("Bleu", "tokenize", options.tokenize ?? "13a", bleuTokenizers);
    this.#smoothing = checkOneOf("Bleu", "smoothing", options.smoothing ?? "exp", smoothingMethods);
    const standard = defaultSmoothingValue[this.#smoothing];
    if (standard === undefined && options.smoothingValue !== undefined) {
      throw new OptionError(
        `Bleu: smoothing "${this.#smoothing}" takes no smoothingValue; leave it out, or use "floor" or "add-k".`,
        { code: "OPTION_CONFLICT", details: { smoothing: this.#smoothing } },
      );
    }
    this.#smoothingValue = checkNumber(
      "Bleu",
      "smoothingValue",
      options.smoothingValue ?? standard ?? 0,
      { min: 0 },
    );
    this.#effectiveOrder = options.effectiveOrder ?? false;
    this.#lowercase = options.lowercase ?? false;
    this.maxOrder = checkInteger("Bleu", "maxOrder", options.maxOrder ?? 4, { min: 1, max: 100 });
    const value = standard === undefined ? "" : `[${formatFixed(this.#smoothingValue, 2)}]`;
    this.#fields = [
      ["case", this.#lowercase ? "lc" : "mixed"],
      ["eff", this.#effectiveOrder],
      ["tok", this.#tokenize],
      ["smooth", `${this.#smoothing}${value}`],
    ];
    this.signature = formatSignature(this.#fields, "sacrebleu");
  }

  /** [header, hypothesis length, reference length, matches per order, totals per order] */
  statistics(hypothesis: string, references: readonly string[]): Float64Array {
    checkTexts(this.name, hypothesis, references);
    const order = this.maxOrder;
    const out = this.empty();
    writeHeader(out, references.length);
    const words = this.#words(hypothesis);
    const referenceWords = references.map((reference) => this.#words(reference));

    let longest = words.length;
    let total = 0;
    for (const own of referenceWords) {
      longest = Math.max(longest, own.length);
      total += own.length;
    }
    this.#symbols = withRoom(this.#symbols, longest);
    this.#numbers.reset();
    this.#trie.reset(total * order);
    for (const own of referenceWords) {
      this.#numbers.write(own, this.#symbols);
      this.#trie.addReference(this.#symbols, own.length, order);
    }
    this.#numbers.write(words, this.#symbols);

    const at = headerLength + 2;
    out[headerLength] = words.length;
    out[headerLength + 1] = closestLength(words.length, referenceWords);
    this.#trie.match(this.#symbols, words.length, order, out, at, 1);
    for (let n = 0; n < order; n++) out[at + order + n] = Math.max(0, words.length - n);
    return out;
  }

  merge(left: Float64Array, right: Float64Array): Float64Array {
    return addStatistics(left, right);
  }

  empty(): Float64Array {
    return new Float64Array(headerLength + 2 + 2 * this.maxOrder);
  }

  score(statistics: Float64Array): BleuScore {
    const order = this.maxOrder;
    const hypothesisLength = statistics[headerLength]!;
    const referenceLength = statistics[headerLength + 1]!;
    const at = headerLength + 2;
    const counts = Array.from(statistics.subarray(at, at + order));
    const totals = Array.from(statistics.subarray(at + order, at + 2 * order));
    const precisions = new Array<number>(order).fill(0);
    const brevityPenalty = penalty(hypothesisLength, referenceLength);
    const orders = counts.some((count) => count > 0)
      ? this.#smooth(counts, totals, precisions)
      : undefined;
    const value = orders === undefined ? 0 : brevityPenalty * geometricMean(precisions, orders);
    return {
      name: "BLEU",
      value,
      signature: formatSignature(
        [["nrefs", referencesPerSegment(statistics)], ...this.#fields],
        "sacrebleu",
      ),
      precisions,
      counts,
      totals,
      brevityPenalty,
      hypothesisLength,
      referenceLength,
      get verbose() {
        return describe(precisions, brevityPenalty, hypothesisLength, referenceLength);
      },
    };
  }

  #words(text: string): string[] {
    const cased = this.#lowercase ? text.toLowerCase() : text;
    return tokenizeForBleu(trimEndWhitespace(cased), this.#tokenize);
  }

  /** Fills the precisions and returns over how many orders to average. Adds k in place. */
  #smooth(counts: number[], totals: number[], precisions: number[]): number {
    let orders = this.maxOrder;
    let halvings = 1;
    for (let n = 0; n < this.maxOrder; n++) {
      if (this.#smoothing === "add-k" && n > 0) {
        counts[n]! += this.#smoothingValue;
        totals[n]! += this.#smoothingValue;
      }
      const total = totals[n]!;
      if (total === 0) break; // no hypothesis is that long
      if (this.#effectiveOrder) orders = n + 1;
      if (counts[n]! > 0) {
        precisions[n] = (100 * counts[n]!) / total;
      } else if (this.#smoothing === "exp") {
        halvings *= 2;
        precisions[n] = 100 / (halvings * total);
      } else if (this.#smoothing === "floor") {
        precisions[n] = (100 * this.#smoothingValue) / total;
      }
    }
    return orders;
  }
}

/**
 * BLEU of a corpus.
 *
 * @param hypotheses - one string per segment, detokenized text.
 * @param references - one list of strings, or several; see `References`.
 * @throws as `Bleu` and `scoreCorpus`.
 * @example corpusBleu(["The cat sat on the mat."], ["The cat sat on the mat."]).value // 100
 */
export function corpusBleu(
  hypotheses: readonly string[],
  references: References,
  options: BleuOptions = {},
): BleuScore {
  return scoreCorpus(new Bleu(options), hypotheses, references);
}

/** BLEU of one sentence; `effectiveOrder` is true unless given, as short sentences need. */
export function sentenceBleu(
  hypothesis: string,
  references: readonly string[],
  options: BleuOptions = {},
): BleuScore {
  const metric = new Bleu({ effectiveOrder: true, ...options });
  return scoreCorpus(
    metric,
    [hypothesis],
    references.map((reference) => [reference]),
  );
}

function penalty(hypothesisLength: number, referenceLength: number): number {
  if (hypothesisLength >= referenceLength) return 1;
  return hypothesisLength === 0 ? 0 : Math.exp(1 - referenceLength / hypothesisLength);
}

function geometricMean(precisions: readonly number[], orders: number): number {
  let sum = 0;
  for (let n = 0; n < orders; n++) sum += Math.log(precisions[n]!); // ln 0 = -Infinity: the mean is 0
  return Math.exp(sum / orders);
}

function closestLength(length: number, references: readonly (readonly string[])[]): number {
  let closest = -1;
  for (const { length: candidate } of references) {
    const nearer = Math.abs(candidate - length) - Math.abs(closest - length);
    if (closest < 0 || nearer < 0 || (nearer === 0 && candidate < closest)) closest = candidate;
  }
  return closest;
}

function describe(
  precisions: readonly number[],
  brevityPenalty: number,
  hypothesisLength: number,
  referenceLength: number,
): string {
  const percent = precisions.map((precision) => formatFixed(precision, 1)).join("/");
  const ratio = referenceLength > 0 ? hypothesisLength / referenceLength : 0;
  return `${percent} (BP = ${formatFixed(brevityPenalty, 3)} ratio = ${formatFixed(ratio, 3)} hyp_len = ${hypothesisLength} ref_len = ${referenceLength})`;
}
