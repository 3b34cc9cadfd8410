/**
 * Smaller vocabularies out of a trained one: train once at the largest size, cut to each size you want
 * to compare. Merges are learned one after the other, so the first n of them are what training at the
 * smaller size would have given.
 */
import { checkInteger, OptionError } from "@seq/core";
import { BPE } from "../models/bpe/model.ts";
import { CharacterLevel, WordLevel } from "../models/word/word-level.ts";
import { WordPiece } from "../models/wordpiece/model.ts";
import type { Model } from "../stages.types.ts";
import type { Tokenizer } from "../tokenizer.ts";
import { Vocabulary } from "../vocabulary.ts";

/**
 * A tokenizer with the first `vocabSize` ids of another.
 *
 * @param tokenizer - BPE with merges, WordPiece, words or characters, with ids in the order of training:
 *   special tokens, alphabet, then what was learned.
 * @throws {OptionError} `OPTION_RANGE` when special tokens or the alphabet would be lost; `OPTION_CONFLICT`
 *   for Unigram, whose vocabularies are not nested, and for BPE without merges.
 * @example truncate(tokenizer32k, 8000).vocabSize // 8000
 */
export function truncate(tokenizer: Tokenizer, vocabSize: number): Tokenizer {
  checkInteger("truncate", "vocabSize", vocabSize, { min: 1, max: tokenizer.vocabSize });
  const { model, addedTokens = [] } = tokenizer.parts;
  const lost = addedTokens.find(({ id }) => id >= vocabSize);
  if (lost !== undefined) {
    throw tooSmall(vocabSize, lost.content, lost.id, "an added token");
  }
  return tokenizer.with({ model: truncateModel(model, vocabSize) });
}

function truncateModel(model: Model, size: number): Model {
  const tokens = Array.from({ length: size }, (_, id) => model.vocab.tokenOf(id));
  const vocab = Vocabulary.of(tokens, { byteLevel: model.vocab.byteLevel, where: "truncate" });
  if (model instanceof BPE && model.hasMerges) return truncateBpe(model, vocab);
  if (model instanceof WordPiece) {
    keepCharacters(model.vocab, size, model.continuingSubwordPrefix);
    const { unknownToken, continuingSubwordPrefix, maxWordLength } = model;
    return new WordPiece({ vocab, unknownToken, continuingSubwordPrefix, maxWordLength });
  }
  if (model instanceof WordLevel) return new WordLevel({ vocab, unknownToken: model.unknownToken });
  if (model instanceof CharacterLevel) {
    const { unknownToken, fuseUnknown } = model;
    return new CharacterLevel({ vocab, unknownToken, fuseUnknown });
  }
  throw new OptionError(
    "truncate: only BPE with merges, WordPiece, words and characters have nested vocabularies; train again at the smaller size.",
    { code: "OPTION_CONFLICT" },
  );
}

function truncateBpe(model: BPE, vocab: Vocabulary): BPE {
  const prefix = model.continuingSubwordPrefix ?? "";
  const results = new Set<number>();
  const merges: [string, string][] = [];
  for (const [left, right] of model.merges()) {
    const token = left + (right.startsWith(prefix) ? right.slice(prefix.length) : right);
    const id = model.vocab.idOf(token) as number;
    results.add(id);
    // A token can be built in two ways; the second way may need parts that were learned after it.
    const parts = [left, right].map((part) => model.vocab.idOf(part) as number);
    if (Math.max(id, ...parts) < vocab.size) merges.push([left, right]);
  }
  for (let id = vocab.size; id < model.vocab.size; id++) {
    const token = model.vocab.tokenOf(id);
    if (token !== undefined && !results.has(id)) throw tooSmall(vocab.size, token, id, "no merge");
  }
  return new BPE({
    vocab,
    merges,
    unknownToken: model.unknownToken,
    continuingSubwordPrefix: model.continuingSubwordPrefix,
    endOfWordSuffix: model.endOfWordSuffix,
    fuseUnknown: model.fuseUnknown,
    byteFallback: model.byteFallback,
    ignoreMerges: model.ignoreMerges,
    dropout: model.dropout,
  });
}

function keepCharacters(vocab: Vocabulary, size: number, prefix: string): void {
  for (let id = size; id < vocab.size; id++) {
    const token = vocab.tokenOf(id);
    if (token === undefined) continue;
    const bare = token.startsWith(prefix) ? token.slice(prefix.length) : token;
    if ([...bare].length === 1) throw tooSmall(size, token, id, "a character");
  }
}

function tooSmall(size: number, token: string, id: number, what: string): OptionError {
  return new OptionError(
    `truncate: vocabSize is ${size}, but ${JSON.stringify(token)} (id ${id}) is ${what}; give at least ${id + 1}.`,
    { code: "OPTION_RANGE", details: { size, token, id } },
  );
}
