/** Looking at a tokenizer: how well it fits a text, which tokens it never uses, which are odd, how it decides. */
import { checkInteger, checkOptions, OptionError } from "@seq/core";
import { BPE } from "./models/bpe/model.ts";
import type { Lattice } from "./models/unigram/lattice.ts";
import { bytesToAlphabet } from "./text/byte-alphabet.ts";
import { encodeUtf8 } from "./text/utf8.ts";
import { TokenBuffer } from "./token-buffer.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { visitWords } from "./visit-words.ts";

/** Ids of the text alone, all of them. */
const plain = { addSpecialTokens: false, truncation: null, padding: null } as const;

export interface FitReport {
  readonly texts: number;
  /** White-space separated words. */
  readonly words: number;
  /** Code points. */
  readonly characters: number;
  /** UTF-8. */
  readonly bytes: number;
  readonly tokens: number;
  /** Tokens a word: 1 is one token for every word. `NaN` without words. */
  readonly fertility: number;
  readonly charactersPerToken: number;
  readonly bytesPerToken: number;
  /** Share of tokens that are the unknown token, 0 to 1. */
  readonly unknownShare: number;
  /** Share of words that are more than one token, 0 to 1. */
  readonly splitWordShare: number;
}

/**
 * How well a tokenizer fits texts. Special tokens do not count.
 *
 * @see fertility: Rust et al. 2021, "How Good is Your Tokenizer?", section 3.
 */
export function measureFit(tokenizer: Tokenizer, texts: Iterable<string>): FitReport {
  const sums = { texts: 0, words: 0, characters: 0, bytes: 0, tokens: 0, unknown: 0, split: 0 };
  const { unknownId } = tokenizer.parts.model;
  for (const text of texts) {
    sums.texts++;
    sums.bytes += encodeUtf8(text).length;
    for (const _ of text) sums.characters++;
    const ids = tokenizer.encodeToIds(text, plain);
    sums.tokens += ids.length;
    if (unknownId !== undefined) for (const id of ids) if (id === unknownId) sums.unknown++;
    for (const word of text.split(/\p{White_Space}+/u)) {
      if (word === "") continue;
      sums.words++;
      if (tokenizer.count(word, plain) > 1) sums.split++;
    }
  }
  return {
    texts: sums.texts,
    words: sums.words,
    characters: sums.characters,
    bytes: sums.bytes,
    tokens: sums.tokens,
    fertility: sums.tokens / sums.words,
    charactersPerToken: sums.characters / sums.tokens,
    bytesPerToken: sums.bytes / sums.tokens,
    unknownShare: sums.tokens === 0 ? 0 : sums.unknown / sums.tokens,
    splitWordShare: sums.words === 0 ? 0 : sums.split / sums.words,
  };
}

/** How often each id occurs in the encodings of texts: id -> count. */
export function countTokens(tokenizer: Tokenizer, texts: Iterable<string>): Float64Array {
  const counts = new Float64Array(tokenizer.vocabSize);
  for (const text of texts) {
    for (const id of tokenizer.encodeToIds(text, plain)) counts[id] = (counts[id] as number) + 1;
  }
  return counts;
}

/** Tokens that the texts never use, special ones left out. */
export function unusedTokens(
  tokenizer: Tokenizer,
  texts: Iterable<string>,
): { id: number; token: string }[] {
  const unused: { id: number; token: string }[] = [];
  countTokens(tokenizer, texts).forEach((count, id) => {
    const token = tokenizer.idToToken(id);
    if (count === 0 && token !== undefined && !tokenizer.isSpecial(id)) unused.push({ id, token });
  });
  return unused;
}

export interface Oddity {
  readonly id: number;
  readonly token: string;
  /** Its text, spaces shown as spaces. */
  readonly text: string;
  /**
   * `"unreachable"`: encoding its own text does not give it. `"joined-words"`: several words run together
   * (SolidGoldMagikarp), `"long"`: longer than `longerThan`, `"repetition"`: one short piece again and again.
   */
  readonly kind: "unreachable" | "joined-words" | "long" | "repetition";
}

export interface OddityOptions {
  /** Characters from which a token is long. Default 16. */
  readonly longerThan?: number;
}

/**
 * Single tokens that tell of the corpus they were learned from rather than of the language: names and
 * source code that a training text repeated.
 */
export function oddTokens(tokenizer: Tokenizer, options: OddityOptions = {}): Oddity[] {
  checkOptions("oddTokens", options, ["longerThan"]);
  const longerThan = checkInteger("oddTokens", "longerThan", options.longerThan ?? 16, { min: 1 });
  const found: Oddity[] = [];
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const token = tokenizer.idToToken(id);
    if (token === undefined || tokenizer.addedTokens.byId(id) !== undefined) continue;
    const text = tokenizer.decode([id]);
    if (text === "" || text.includes("\ufffd")) continue;
    const kind = oddityOf(text, longerThan);
    if (kind !== undefined) found.push({ id, token, text, kind });
    else if (isUnreachable(tokenizer, id, token, text)) {
      found.push({ id, token, text, kind: "unreachable" });
    }
  }
  return found;
}

function oddityOf(text: string, longerThan: number): Oddity["kind"] | undefined {
  const word = text.trim();
  if (word.length >= 6 && /^(.{1,4}?)\1{2,}$/su.test(word)) return "repetition";
  if (word.length >= 10 && (word.match(/\p{Ll}(?=\p{Lu})/gu) ?? []).length >= 1)
    return "joined-words";
  return [...word].length > longerThan ? "long" : undefined;
}

function isUnreachable(tokenizer: Tokenizer, id: number, token: string, text: string): boolean {
  // Tokens that only stand inside words cannot be asked for alone.
  if (!tokenizer.parts.model.vocab.byteLevel || bytesToAlphabet(encodeUtf8(text)) !== token)
    return false;
  const ids = tokenizer.encodeToIds(text, plain);
  return !ids.includes(id);
}

export interface MergeStep {
  /** The tokens before the step. */
  readonly tokens: readonly string[];
  /** Where the pair that joins begins. */
  readonly at: number;
  readonly rank: number;
  /** What the pair becomes. */
  readonly result: string;
}

export interface MergeTrace {
  readonly word: string;
  readonly steps: readonly MergeStep[];
  readonly tokens: readonly string[];
}

/**
 * Every merge that BPE makes, word by word: for teaching, and for asking why a text is cut as it is.
 *
 * @throws {OptionError} `MODEL_KIND` when the model is no BPE.
 */
export function traceMerges(tokenizer: Tokenizer, text: string): MergeTrace[] {
  const { model } = tokenizer.parts;
  if (!(model instanceof BPE)) throw wrongModel("traceMerges", "a BPE model");
  const traces: MergeTrace[] = [];
  visitWords(text, tokenizer.parts, {
    word: (bytes, begin, end) => traces.push(traceWord(model, bytes.slice(begin, end))),
  });
  return traces;
}

function traceWord(model: BPE, bytes: Uint8Array): MergeTrace {
  const { vocab } = model;
  const name = (id: number): string => vocab.tokenOf(id) as string;
  const word = vocab.byteLevel ? bytesToAlphabet(bytes) : new TextDecoder().decode(bytes);
  const whole = model.ignoreMerges ? vocab.find(bytes, 0, bytes.length) : -1;
  if (whole >= 0) return { word, steps: [], tokens: [name(whole)] };
  const start = new TokenBuffer();
  model.initialSymbols(bytes, 0, bytes.length, start);
  let ids = [...start.ids.subarray(0, start.length)];
  const steps: MergeStep[] = [];
  for (;;) {
    let best: { at: number; rank: number; result: number } | undefined;
    for (let at = 0; at + 1 < ids.length; at++) {
      const rule = model.ruleOf(ids[at] as number, ids[at + 1] as number);
      if (rule !== undefined && (best === undefined || rule.rank < best.rank))
        best = { at, ...rule };
    }
    if (best === undefined) break;
    const { at, rank, result } = best;
    steps.push({ tokens: ids.map(name), at, rank, result: name(result) });
    ids = [...ids.slice(0, at), result, ...ids.slice(at + 2)];
  }
  return { word, steps, tokens: ids.map(name) };
}

export interface LatticeTrace {
  readonly word: string;
  /** All pieces that fit somewhere: bytes of the word, score in nats. */
  readonly nodes: readonly { begin: number; end: number; token: string; score: number }[];
  /** The best segmentation. */
  readonly best: readonly string[];
  readonly score: number;
}

type LatticeMaker = (bytes: Uint8Array, begin: number, end: number) => Lattice;

/**
 * The lattice of a Unigram model, word by word: every piece that fits and the best way through.
 *
 * @throws {OptionError} `MODEL_KIND` when the model is no Unigram.
 */
export function traceLattice(tokenizer: Tokenizer, text: string): LatticeTrace[] {
  const model = tokenizer.parts.model as { lattice?: LatticeMaker };
  if (typeof model.lattice !== "function") throw wrongModel("traceLattice", "a Unigram model");
  const { vocab } = tokenizer.parts.model;
  const traces: LatticeTrace[] = [];
  visitWords(text, tokenizer.parts, {
    word: (bytes, begin, end) => {
      const lattice = (model as { lattice: LatticeMaker }).lattice(bytes, begin, end);
      const best = lattice.nBest(1)[0];
      traces.push({
        word: new TextDecoder().decode(bytes.subarray(begin, end)),
        nodes: lattice.nodes().map((node) => ({
          begin: node.begin,
          end: node.end,
          token: vocab.tokenOf(node.id) as string,
          score: node.score,
        })),
        best: best?.nodes.map((node) => vocab.tokenOf(node.id) as string) ?? [],
        score: best?.score ?? 0,
      });
    },
  });
  return traces;
}

function wrongModel(where: string, expected: string): OptionError {
  return new OptionError(`${where}: the tokenizer has another model, expected ${expected}.`, {
    code: "MODEL_KIND",
  });
}
