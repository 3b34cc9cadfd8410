/** Text to pieces for the translator: tokenizers learned from the text, ids with the begin and end symbols. */
import { type Tokenizer, trainTokenizer } from "@seq/tokenizers";
import type { IdPair, TextPair } from "@seq/train";

export const specialTokens = { pad: "<pad>", unknown: "<unk>", begin: "<s>", end: "</s>" } as const;

/** Below this size a byte-level alphabet (256 pieces) would leave no room for merges. */
const smallestByteVocabulary = 600;

/**
 * Learns a BPE tokenizer whose pieces keep their space. Small vocabularies work on characters, larger
 * ones on bytes, which know no unknown text.
 */
export function learnTokenizer(lines: readonly string[], vocabSize: number): Tokenizer {
  const unit = vocabSize < smallestByteVocabulary ? "char" : "byte";
  return trainTokenizer(lines, {
    objective: "bpe",
    unit,
    vocabSize,
    specialTokens: Object.values(specialTokens),
    ...(unit === "char" && { unknownToken: specialTokens.unknown }),
  });
}

export function specialId(tokenizer: Tokenizer, name: keyof typeof specialTokens): number {
  const id = tokenizer.tokenToId(specialTokens[name]);
  if (id === undefined) throw new Error(`the tokenizer lacks ${specialTokens[name]}`);
  return id;
}

/** Pieces and the end symbol. */
export function encodeSource(tokenizer: Tokenizer, text: string): Int32Array {
  return Int32Array.of(...tokenizer.encodeToIds(text), specialId(tokenizer, "end"));
}

/** The begin symbol, pieces and the end symbol. */
export function encodeTarget(tokenizer: Tokenizer, text: string): Int32Array {
  const ids = tokenizer.encodeToIds(text);
  return Int32Array.of(specialId(tokenizer, "begin"), ...ids, specialId(tokenizer, "end"));
}

export function encodePairs(
  pairs: readonly TextPair[],
  source: Tokenizer,
  target: Tokenizer,
): IdPair[] {
  return pairs.map((pair) => ({
    source: encodeSource(source, pair.source),
    target: encodeTarget(target, pair.target),
  }));
}
