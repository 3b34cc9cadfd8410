/**
 * The tokenizer: normalizer -> pre-tokenizer -> model -> post-processor, and a decoder back. Immutable;
 * `with` and `addTokens` return new ones. A bounded cache of words only makes it faster.
 *
 * Two ways lead through it. `encodeToIds` and `count` take the short one (words.ts): no strings, no
 * alignment. `encode` takes the long one (align.ts), which knows where every token came from. Both give
 * the same ids.
 */
import {
  type EncodeOptions as CoreEncodeOptions,
  type Tokenizer as CoreTokenizer,
  checkInteger,
  checkOptions,
  type DecodeOptions,
  OptionError,
  type Rng,
  VocabularyError,
} from "@seq/core";
import { type AddedToken, AddedTokens, type SpecialTokensInText } from "./added-tokens.ts";
import { alignedTokens } from "./align.ts";
import { DecodeStream } from "./decode-stream.ts";
import { type Encoding, finishEncoding, type MutableEncoding } from "./encoding.ts";
import { byteOfToken } from "./models/byte-tokens.ts";
import { applyTemplate, templateLength } from "./post-processors/apply.ts";
import { type SplitOptions, splitByTokens } from "./split-by-tokens.ts";
import type {
  Decoder,
  Model,
  Normalizer,
  PostProcessor,
  PreTokenizer,
  RandomOptions,
} from "./stages.types.ts";
import { byteOffsets } from "./text/byte-offsets.ts";
import { decodeUtf8, encodeUtf8 } from "./text/utf8.ts";
import {
  checkPadding,
  checkTruncation,
  type Padding,
  pad,
  stopWhenReached,
  type Truncation,
  truncate,
} from "./windows.ts";
import { IdCollector } from "./words.ts";

export interface TokenizerParts {
  readonly model: Model;
  readonly normalizer?: Normalizer | undefined;
  readonly preTokenizer?: PreTokenizer | undefined;
  readonly postProcessor?: PostProcessor | undefined;
  /** Without it tokens are joined by spaces. */
  readonly decoder?: Decoder | undefined;
  readonly addedTokens?: readonly AddedToken[] | undefined;
  /** Applied by every call that does not say otherwise. */
  readonly truncation?: Truncation | undefined;
  readonly padding?: Padding | undefined;
  /** Default `"follow"`. */
  readonly specialTokensInText?: SpecialTokensInText | undefined;
  /** Names of the special tokens by role, as the files gave them: `{ bos: "<s>", eos: "</s>" }`. */
  readonly specialRoles?: Readonly<Record<string, string>> | undefined;
  /** What of the file it was read from the parts do not hold, for writing it again. */
  readonly source?: TokenizerSource | undefined;
}

/** Set by the readers of formats; lost when model, normalizer or decoder are replaced. */
export interface TokenizerSource {
  readonly format: string;
  readonly proto?: unknown;
}

export interface EncodeOptions extends CoreEncodeOptions {
  /** `null` switches the tokenizer's own truncation off. */
  readonly truncation?: Truncation | null;
  readonly padding?: Padding | null;
  readonly specialTokensInText?: SpecialTokensInText;
  /** Also give offsets in the UTF-8 form of the text. */
  readonly byteOffsets?: boolean;
  /** Encode with chance: BPE dropout or Unigram sampling, see `dropout`, `alpha`, `nBest`. */
  readonly rng?: Rng;
  readonly dropout?: number;
  readonly alpha?: number;
  readonly nBest?: number;
}

const partNames = [
  "model", "normalizer", "preTokenizer", "postProcessor", "decoder", "addedTokens", "truncation",
  "padding", "specialTokensInText", "specialRoles", "source",
]; // biome-ignore format: a list
const encodeOptionNames = [
  "addSpecialTokens", "truncation", "padding", "specialTokensInText", "byteOffsets", "rng", "dropout",
  "alpha", "nBest",
]; // biome-ignore format: a list

export class Tokenizer implements CoreTokenizer {
  readonly parts: TokenizerParts;
  readonly vocabSize: number;
  readonly addedTokens: AddedTokens;
  readonly #words: IdCollector;
  #shown: (string | undefined)[] = []; // id -> token, as far as asked for

  constructor(parts: TokenizerParts) {
    checkOptions("Tokenizer", parts, partNames);
    if (parts.truncation) checkTruncation("Tokenizer: truncation", parts.truncation);
    if (parts.padding) checkPadding("Tokenizer: padding", parts.padding);
    checkAlphabet(parts);
    this.parts = parts;
    const { normalizer, addedTokens = [], model } = parts;
    const normalize = normalizer && ((text: string) => normalizer.normalize(text));
    this.addedTokens = new AddedTokens(addedTokens, normalize);
    let size = model.vocab.size;
    for (const { id } of addedTokens) size = Math.max(size, id + 1);
    this.vocabSize = size;
    this.#words = new IdCollector(parts, this.addedTokens);
  }

  /**
   * Encodes a text with everything known about each token.
   *
   * @throws {VocabularyError} for special tokens in the text when the policy is to refuse them, and for
   * unknown text when the model has no unknown token.
   * @example tokenizer.encode("recurrent nets").tokens // ["rec", "urrent", "Ġnets"]
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    return this.#encodeAll([[text]], options)[0] as Encoding;
  }

  /** Encodes two texts as one input, such as question and paragraph. */
  encodePair(first: string, second: string, options: EncodeOptions = {}): Encoding {
    return this.#encodeAll([[first, second]], options)[0] as Encoding;
  }

  /** Encodes many texts or pairs; padding, when on, makes them equally long. */
  encodeBatch(
    texts: readonly (string | readonly [string, string])[],
    options: EncodeOptions = {},
  ): Encoding[] {
    const inputs = texts.map((text) => (typeof text === "string" ? [text] : text));
    return this.#encodeAll(inputs, options);
  }

  encodeToIds(text: string, options: EncodeOptions = {}): Uint32Array {
    const truncation = pick(options.truncation, this.parts.truncation);
    const padding = pick(options.padding, this.parts.padding);
    if (truncation !== undefined || padding !== undefined || options.rng !== undefined) {
      return this.encode(text, options).ids;
    }
    checkOptions("encodeToIds", options, encodeOptionNames);
    const template = this.parts.postProcessor?.single;
    const special = options.addSpecialTokens ?? true;
    return this.#words.ids(text, this.#policy(options), special ? template : undefined);
  }

  /** Number of tokens, special ones included unless told otherwise; truncation does not apply. */
  count(text: string, options: EncodeOptions = {}): number {
    checkOptions("count", options, encodeOptionNames);
    const special = (options.addSpecialTokens ?? true) && this.parts.postProcessor;
    const extra = special ? templateLength(special.single) : 0;
    return extra + this.#words.count(text, this.#policy(options));
  }

  /**
   * Text of ids.
   *
   * @throws {VocabularyError} `UNKNOWN_ID` for an id without a token.
   */
  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    checkOptions("decode", options, ["skipSpecialTokens"]);
    const skip = options.skipSpecialTokens ?? true;
    const { decoder, model } = this.parts;
    if (decoder?.byteLevel && model.vocab.byteLevel)
      return decodeUtf8(this.#decodeBytes(ids, skip));
    const tokens: string[] = [];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      const token = this.idToToken(id);
      if (token === undefined) throw this.#unknownId(id);
      if (!(skip && this.isSpecial(id))) tokens.push(token);
    }
    if (tokens.length === 0) return "";
    return decoder === undefined ? tokens.join(" ") : decoder.decodeChain(tokens).join("");
  }

  /** Decodes ids as they come, never showing half a character. */
  decodeStream(options: DecodeOptions = {}): DecodeStream {
    return new DecodeStream(this, options);
  }

  /**
   * The bytes a token adds to the text: the real ones for byte-level vocabularies and byte tokens, else
   * the UTF-8 of its name.
   *
   * @throws {VocabularyError} `UNKNOWN_ID`
   */
  tokenBytes(id: number): Uint8Array {
    const { vocab } = this.parts.model;
    const added = this.addedTokens.byId(id);
    if (added === undefined && vocab.byteLevel) {
      const bytes = vocab.bytesOf(id);
      if (bytes !== undefined) return bytes.slice();
    }
    const token = this.idToToken(id);
    if (token === undefined) throw this.#unknownId(id);
    const byte = added === undefined ? byteOfToken(token) : -1;
    return byte < 0 ? encodeUtf8(token) : Uint8Array.of(byte);
  }

  tokenToId(token: string): number | undefined {
    return this.addedTokens.byContent(token)?.id ?? this.parts.model.vocab.idOf(token);
  }

  idToToken(id: number): string | undefined {
    const known = this.#shown[id];
    if (known !== undefined) return known;
    const added = this.addedTokens.byId(id);
    const token =
      added === undefined ? this.parts.model.vocab.tokenOf(id) : this.addedTokens.shown(added);
    if (token !== undefined && id < this.vocabSize) this.#shown[id] = token;
    return token;
  }

  /** True for special tokens, which `decode` leaves out. */
  isSpecial(id: number): boolean {
    return this.addedTokens.byId(id)?.special === true;
  }

  /**
   * The best segmentations of a text, best first, for models that have many (Unigram).
   *
   * @throws {OptionError} when the model has only one.
   */
  nBest(text: string, count: number): { ids: Uint32Array; score: number }[] {
    checkInteger("nBest", "count", count, { min: 1 });
    return this.#words.nBest(text, count);
  }

  /** Cuts a text into stretches of at most so many tokens, for those who chunk documents. */
  splitByTokens(text: string, options: SplitOptions): string[] {
    return splitByTokens(this, text, options);
  }

  /**
   * A tokenizer with more tokens. A token that exists keeps its id; new ones follow the last id.
   *
   * @example tokenizer.addTokens([{ content: "<user>", special: true }])
   */
  addTokens(tokens: readonly (Partial<AddedToken> & { content: string })[]): Tokenizer {
    const list = [...this.addedTokens.list];
    let next = this.vocabSize;
    for (const token of tokens) {
      const at = list.findIndex((known) => known.content === token.content);
      const id = token.id ?? this.tokenToId(token.content) ?? next;
      next = Math.max(next, id + 1);
      const special = token.special ?? false;
      const complete: AddedToken = {
        singleWord: false,
        lstrip: false,
        rstrip: false,
        normalized: !special,
        ...token,
        special,
        id,
      };
      if (at < 0) list.push(complete);
      else list[at] = complete;
    }
    return this.with({ addedTokens: list });
  }

  /** The same tokenizer with some parts changed; `undefined` takes a part out. */
  with(changes: Partial<TokenizerParts>): Tokenizer {
    const kept = !("model" in changes || "normalizer" in changes || "decoder" in changes);
    return new Tokenizer({
      ...this.parts,
      source: kept ? this.parts.source : undefined,
      ...changes,
    });
  }

  #policy(options: EncodeOptions): SpecialTokensInText {
    const policy = options.specialTokensInText ?? this.parts.specialTokensInText ?? "follow";
    if (typeof policy === "string" && !["follow", "text", "refuse"].includes(policy)) {
      throw new OptionError(
        `encode: specialTokensInText is "${policy}", expected "follow", "text", "refuse" or a list of tokens.`,
        { code: "OPTION_RANGE", details: { option: "specialTokensInText", value: policy } },
      );
    }
    return policy;
  }

  #encodeAll(inputs: readonly (readonly string[])[], options: EncodeOptions): Encoding[] {
    checkOptions("encode", options, encodeOptionNames);
    const truncation = pick(options.truncation, this.parts.truncation);
    const padding = pick(options.padding, this.parts.padding);
    if (truncation) checkTruncation("encode: truncation", truncation);
    if (padding) checkPadding("encode: padding", padding);
    const encodings = inputs.map((texts) => this.#encodeOne(texts, options, truncation));
    if (padding !== undefined) pad(encodings, padding);
    return encodings.map((encoding, i) => {
      const mapped = options.byteOffsets
        ? (e: MutableEncoding) => byteOffsets(inputs[i] as readonly string[], e)
        : undefined;
      return finishEncoding(encoding, mapped);
    });
  }

  #encodeOne(
    texts: readonly string[],
    options: EncodeOptions,
    truncation: Truncation | undefined,
  ): MutableEncoding {
    const policy = this.#policy(options);
    const random = options.rng && (options as RandomOptions);
    const sequences = texts.map((text, i) => alignedTokens(this, text, i, policy, random));
    const processor = this.parts.postProcessor;
    const template = texts.length === 1 ? processor?.single : processor?.pair;
    const special = options.addSpecialTokens ?? true;
    if (truncation !== undefined) {
      const added = special && template ? templateLength(template) : 0;
      const room = truncation.maxLength - added;
      sequences.forEach((sequence, i) => {
        stopWhenReached(sequence, i, truncation);
      });
      truncate(sequences[0] as MutableEncoding, sequences[1], room, truncation);
    }
    return applyTemplate(sequences, processor, special);
  }

  #decodeBytes(ids: ArrayLike<number>, skip: boolean): Uint8Array {
    const { vocab } = this.parts.model;
    let bytes = new Uint8Array(ids.length * 6 + 16);
    let end = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      const added = this.addedTokens.list.length > 0 ? this.addedTokens.byId(id) : undefined;
      if (skip && added?.special) continue;
      const token = added === undefined ? undefined : this.#addedBytes(added);
      const length = token === undefined ? vocab.byteLength(id) : token.length;
      if (token === undefined && !vocab.has(id)) throw this.#unknownId(id);
      if (end + length > bytes.length) {
        const grown = new Uint8Array((end + length) * 2);
        grown.set(bytes);
        bytes = grown;
      }
      if (token === undefined) {
        end = vocab.copyBytes(id, bytes, end);
      } else {
        bytes.set(token, end);
        end += length;
      }
    }
    return bytes.subarray(0, end);
  }

  /** An added token's text, read in the byte alphabet where that is possible (as Hugging Face does). */
  #addedBytes(token: AddedToken): Uint8Array {
    return this.parts.model.vocab.bytesOfText(this.addedTokens.shown(token));
  }

  #unknownId(id: number): VocabularyError {
    return new VocabularyError(
      `Tokenizer: id ${id} has no token; the vocabulary has the ids 0 to ${this.vocabSize - 1}.`,
      { code: "UNKNOWN_ID", details: { id, vocabSize: this.vocabSize } },
    );
  }
}

/** A byte-level vocabulary needs a stage that makes bytes of the text, and the other way round. */
function checkAlphabet({ model, normalizer, preTokenizer }: TokenizerParts): void {
  const byteLevel = normalizer?.byteLevel === true || preTokenizer?.byteLevel === true;
  if (byteLevel && !model.vocab.byteLevel) {
    throw new OptionError(
      "Tokenizer: the pre-tokenizer or normalizer is byte-level, the vocabulary is not; make it with { byteLevel: true }.",
      { code: "BYTE_LEVEL" },
    );
  }
}

/** An option that was given (`null` means off), or the tokenizer's own. */
function pick<T>(option: T | null | undefined, own: T | undefined): T | undefined {
  return option === undefined ? own : (option ?? undefined);
}
