/** The choices that make a tagger; saved with the weights. */
import { checkInteger, checkNumber, checkOneOf, checkOptions } from "@seq/core";

export interface CharacterOptions {
  readonly vocabSize: number;
  /** Default 32. */
  readonly embeddingSize?: number;
  /** Per direction. Default 48. */
  readonly hiddenSize?: number;
}

export interface TaggerOptions {
  readonly wordVocabSize: number;
  readonly tagCount: number;
  /** Default 100. */
  readonly wordEmbeddingSize?: number;
  /** Read the spelling of words too; null (default) does not. */
  readonly characters?: CharacterOptions | null;
  /** Width of the recurrent layers, per direction. Default 128. */
  readonly hiddenSize?: number;
  /** Default 1. */
  readonly layers?: number;
  /** Default "lstm". */
  readonly cell?: "lstm" | "gru";
  /** Use bidirectionality when possible (default true). */
  readonly bidirectional?: boolean;
  /** Dropout on word features and before the tag scores, 0..1. Default 0. */
  readonly dropout?: number;
  /** Choose the tags of a sentence together by a conditional random field. Default false. */
  readonly crf?: boolean;
}

export interface TaggerConfig extends Required<Omit<TaggerOptions, "characters">> {
  readonly characters: Required<CharacterOptions> | null;
}

/** @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE` */
export function taggerConfig(options: TaggerOptions): TaggerConfig {
  const where = "Tagger";
  checkOptions(where, options, [
    ...["wordVocabSize", "tagCount", "wordEmbeddingSize", "characters", "hiddenSize", "layers"],
    ...["cell", "bidirectional", "dropout", "crf"],
  ]);
  const size = (name: string, value: unknown) => checkInteger(where, name, value, { min: 1 });
  return {
    wordVocabSize: size("wordVocabSize", options.wordVocabSize),
    tagCount: size("tagCount", options.tagCount),
    wordEmbeddingSize: size("wordEmbeddingSize", options.wordEmbeddingSize ?? 100),
    characters: characterConfig(where, options.characters ?? null),
    hiddenSize: size("hiddenSize", options.hiddenSize ?? 128),
    layers: size("layers", options.layers ?? 1),
    cell: checkOneOf(where, "cell", options.cell ?? "lstm", ["lstm", "gru"]),
    bidirectional: options.bidirectional ?? true,
    dropout: checkNumber(where, "dropout", options.dropout ?? 0, { min: 0, max: 1 }),
    crf: options.crf ?? false,
  };
}

function characterConfig(
  where: string,
  options: CharacterOptions | null,
): Required<CharacterOptions> | null {
  if (options === null) return null;
  checkOptions(`${where}: characters`, options, ["vocabSize", "embeddingSize", "hiddenSize"]);
  const size = (name: string, value: unknown) =>
    checkInteger(where, `characters.${name}`, value, { min: 1 });
  return {
    vocabSize: size("vocabSize", options.vocabSize),
    embeddingSize: size("embeddingSize", options.embeddingSize ?? 32),
    hiddenSize: size("hiddenSize", options.hiddenSize ?? 48),
  };
}
