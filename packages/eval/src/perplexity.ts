/**
 * Perplexity per token, and what it is per word, character and byte, from the log-probabilities that a
 * model gave to what really came.
 *
 *   per token  exp(J),  J = -(1/T) Σ_t ln p_t  (= Π_t (1/p_t)^(1/T))
 *   per word   exp(-Σ ln p / words)            comparable between models of different tokens
 *   bits per character, per byte               -Σ log2 p / characters, / bytes (UTF-8)
 *
 * The last three need the text of each sequence. An end-of-sequence token that is counted is one token, one
 * word, one character and one byte (the line's end), so that a model over words and one over pieces of
 * words are compared on the same count.
 *
 * @see Jurafsky & Martin, "Speech and Language Processing", ch. 3; KenLM's `query` for the two OOV rules.
 */
import {
  checkInteger,
  checkOneOf,
  checkOptions,
  FormatError,
  type Metric,
  OptionError,
  type Score,
  ShapeError,
} from "@seq/core";
import { RunningScore } from "./running-score.ts";
import { formatSignature, type SignatureFields } from "./signature.ts";
import { addStatistics } from "./statistics.ts";
import { splitWhitespace } from "./text/whitespace.ts";

/** One scored sequence. */
export interface ScoredSequence {
  /** Log-probability of each token in turn, in the metric's base; the end token last, if it was scored. */
  readonly logProbs: ArrayLike<number>;
  /** Non-zero or true where the token was unknown to the model (scored as `<unk>`). */
  readonly unknown?: ArrayLike<number | boolean>;
  /** The last entry of `logProbs` is the end-of-sequence token. Default false. */
  readonly endsWithEos?: boolean;
  /** The text that the tokens stand for, for the measures per word, character and byte. */
  readonly text?: string;
}

export interface PerplexityOptions {
  /** Base of the logarithms that come in. Default `"e"`; KenLM and ARPA files use `"10"`. */
  readonly base?: "e" | "2" | "10";
  /**
   * Unknown tokens: `"include"` with the probability of `<unk>` (default); `"exclude"` from sum and count
   * (what KenLM prints as "excluding OOVs"); `"spread"` the probability of `<unk>` evenly over
   * `unknownTypes` words, so that a model with a small vocabulary gains nothing by it.
   */
  readonly outOfVocabulary?: "include" | "exclude" | "spread";
  /** For `"spread"`: how many different words `<unk>` stands for. */
  readonly unknownTypes?: number;
  /** Count the end-of-sequence token (default), or leave it out of sum and counts. */
  readonly endOfSequence?: "include" | "exclude";
}

export interface PerplexityScore extends Score {
  /** Perplexity per token. */
  readonly value: number;
  /** Mean negative log-likelihood per token, in nats: J. */
  readonly crossEntropy: number;
  /** Counted tokens, and how many of all tokens were unknown. */
  readonly tokens: number;
  readonly outOfVocabulary: number;
  /** Only when every sequence came with its text. */
  readonly perWord?: number;
  readonly bitsPerCharacter?: number;
  readonly bitsPerByte?: number;
  readonly words?: number;
  readonly characters?: number;
  readonly bytes?: number;
}

// Positions in the statistics.
const nats = 0;
const tokens = 1;
const unknowns = 2;
const words = 3;
const characters = 4;
const bytes = 5;
const withoutText = 6;
const size = 7;

const natsPerUnit = { e: 1, "2": Math.LN2, "10": Math.LN10 } as const;

/** Rounding in float32 log-softmax can leave a sure token slightly above ln 1 = 0. */
const roundingSlack = 1e-4;

/**
 * The perplexity metric. The second argument of `statistics` is unused: what came is in the sequence.
 *
 * @throws {OptionError} for unknown options; `OPTION_CONFLICT` when `unknownTypes` and "spread" do not come together.
 */
export class Perplexity
  implements Metric<ScoredSequence, undefined, Float64Array, PerplexityScore>
{
  readonly name = "PPL";
  readonly signature: string;
  readonly #base: "e" | "2" | "10";
  readonly #outOfVocabulary: "include" | "exclude" | "spread";
  readonly #spreadNats: number;
  readonly #countsEnd: boolean;

  constructor(options: PerplexityOptions = {}) {
    checkOptions("Perplexity", options, [
      "base",
      "outOfVocabulary",
      "unknownTypes",
      "endOfSequence",
    ]);
    this.#base = checkOneOf("Perplexity", "base", options.base ?? "e", ["e", "2", "10"]);
    this.#outOfVocabulary = checkOneOf(
      "Perplexity",
      "outOfVocabulary",
      options.outOfVocabulary ?? "include",
      ["include", "exclude", "spread"],
    );
    const spread = this.#outOfVocabulary === "spread";
    if (spread !== (options.unknownTypes !== undefined)) {
      throw new OptionError(
        `Perplexity: unknownTypes belongs to outOfVocabulary "spread" and only to it; got ${options.unknownTypes} with "${this.#outOfVocabulary}".`,
        { code: "OPTION_CONFLICT" },
      );
    }
    const types = options.unknownTypes ?? 1;
    this.#spreadNats = Math.log(checkInteger("Perplexity", "unknownTypes", types, { min: 1 }));
    this.#countsEnd =
      checkOneOf("Perplexity", "endOfSequence", options.endOfSequence ?? "include", [
        "include",
        "exclude",
      ]) === "include";
    const fields: SignatureFields = [
      ["base", this.#base],
      ["oov", spread ? `spread[${types}]` : this.#outOfVocabulary],
      ["eos", this.#countsEnd],
    ];
    this.signature = formatSignature(fields, "seq");
  }

  /**
   * @throws {FormatError} `LOG_PROBABILITY` for NaN and for log-probabilities above 0, naming the token.
   * @throws {ShapeError} `LENGTH_MISMATCH` when `unknown` has another length; `EMPTY_SEQUENCE` when an end
   *   token is announced and none is there.
   */
  statistics(sequence: ScoredSequence): Float64Array {
    checkSequence(sequence);
    const out = this.empty();
    this.#countTokens(sequence, out);
    if (sequence.text === undefined) out[withoutText] = 1;
    else this.#countText(sequence.text, sequence.endsWithEos === true, out);
    return out;
  }

  merge(left: Float64Array, right: Float64Array): Float64Array {
    return addStatistics(left, right);
  }

  empty(): Float64Array {
    return new Float64Array(size);
  }

  /** @throws {ShapeError} `SEGMENT_COUNT` when no token was counted. */
  score(statistics: Float64Array): PerplexityScore {
    const total = statistics[nats]!;
    const counted = statistics[tokens]!;
    if (counted === 0) {
      throw new ShapeError("Perplexity: no tokens to score.", { code: "SEGMENT_COUNT" });
    }
    const base = {
      name: this.name,
      value: Math.exp(total / counted),
      crossEntropy: total / counted,
      tokens: counted,
      outOfVocabulary: statistics[unknowns]!,
      signature: this.signature,
    };
    if (statistics[withoutText]! > 0) return base;
    return {
      ...base,
      words: statistics[words]!,
      characters: statistics[characters]!,
      bytes: statistics[bytes]!,
      perWord: Math.exp(total / statistics[words]!),
      bitsPerCharacter: total / Math.LN2 / statistics[characters]!,
      bitsPerByte: total / Math.LN2 / statistics[bytes]!,
    };
  }

  #countTokens(sequence: ScoredSequence, out: Float64Array): void {
    const { logProbs, unknown, endsWithEos } = sequence;
    const scale = natsPerUnit[this.#base];
    const length = endsWithEos && !this.#countsEnd ? logProbs.length - 1 : logProbs.length;
    for (let i = 0; i < length; i++) {
      const value = logProbs[i]!;
      if (Number.isNaN(value) || value > roundingSlack) throw badProbability(value, i);
      const isUnknown = unknown !== undefined && Boolean(unknown[i]);
      if (isUnknown) out[unknowns]!++;
      if (isUnknown && this.#outOfVocabulary === "exclude") continue;
      out[nats]! -= value * scale;
      if (isUnknown) out[nats]! += this.#spreadNats; // ln 1 = 0 unless spreading
      out[tokens]!++;
    }
  }

  #countText(text: string, endsWithEos: boolean, out: Float64Array): void {
    const end = endsWithEos && this.#countsEnd ? 1 : 0;
    out[words] = splitWhitespace(text).length + end;
    out[characters] = countCodePoints(text) + end;
    out[bytes] = countUtf8Bytes(text) + end;
  }
}

/**
 * Perplexity of sequences, or of one list of log-probabilities.
 *
 * @throws as `Perplexity`.
 * @example perplexity([Math.log(0.5), Math.log(0.25), Math.log(0.125)]).value // 4
 */
export function perplexity(
  sequences: ArrayLike<number> | readonly ScoredSequence[],
  options: PerplexityOptions = {},
): PerplexityScore {
  const list =
    typeof sequences[0] === "number"
      ? [{ logProbs: sequences as ArrayLike<number> }]
      : (sequences as readonly ScoredSequence[]);
  const running = new RunningScore(new Perplexity(options));
  for (const sequence of list) running.add(sequence, undefined);
  return running.score();
}

function checkSequence(sequence: ScoredSequence): void {
  const { logProbs, unknown } = sequence;
  if (unknown !== undefined && unknown.length !== logProbs.length) {
    throw new ShapeError(
      `Perplexity: ${logProbs.length} log-probabilities but ${unknown.length} marks of unknown tokens; give one per token.`,
      { code: "LENGTH_MISMATCH" },
    );
  }
  if (sequence.endsWithEos === true && logProbs.length === 0) {
    throw new ShapeError(
      "Perplexity: the sequence is empty but endsWithEos is true; the end token's log-probability comes last.",
      { code: "EMPTY_SEQUENCE" },
    );
  }
}

function badProbability(value: number, token: number): FormatError {
  return new FormatError(
    `Perplexity: the log-probability of token ${token + 1} is ${value}, expected a number of at most 0.`,
    { code: "LOG_PROBABILITY", details: { token: token + 1, value } },
  );
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Lone surrogates count 3, as the replacement character that would be written for them. */
function countUtf8Bytes(text: string): number {
  let count = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    count += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return count;
}
