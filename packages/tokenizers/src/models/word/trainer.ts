/** Vocabularies of whole words and of single characters: the most frequent ones. */
import { chooseAlphabet } from "../../training/alphabet.ts";
import { type TrainingRun, vocabularyTooSmall } from "../../training/progress.ts";
import { type WordCounts, wordAt } from "../../training/word-counts.ts";

export interface WordTrainingOptions {
  /** Wanted number of tokens, special tokens included. */
  readonly vocabSize: number;
  /** Rarer words (characters) are left out. Default 1. */
  readonly minFrequency?: number | undefined;
  readonly specialTokens?: readonly string[] | undefined;
  /** When the corpus gives fewer tokens than `vocabSize`: an error (`true`) or a smaller vocabulary (default). */
  readonly strictVocabSize?: boolean | undefined;
}

/** Special tokens, then words by falling frequency; equally frequent ones by code unit. */
export function* learnWords(
  words: WordCounts,
  options: WordTrainingOptions,
): TrainingRun<string[]> {
  const entries = Array.from(words.counts, (count, i) => [wordAt(words, i), count] as const);
  return mostFrequent("WordTrainer", entries, options);
}

/** Special tokens, then characters by falling frequency; equally frequent ones by code unit. */
export function* learnCharacters(
  words: WordCounts,
  options: WordTrainingOptions,
): TrainingRun<string[]> {
  const { characters, counts } = chooseAlphabet(words);
  const entries = characters.map((c, i) => [String.fromCodePoint(c), counts[i] as number] as const);
  return mostFrequent("CharacterTrainer", entries, options);
}

function mostFrequent(
  where: string,
  entries: readonly (readonly [token: string, count: number])[],
  options: WordTrainingOptions,
): string[] {
  const tokens = new Set(options.specialTokens ?? []);
  const least = options.minFrequency ?? 1;
  const sorted = entries.filter(([, count]) => count >= least);
  sorted.sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  for (const [token] of sorted) {
    if (tokens.size >= options.vocabSize) break;
    tokens.add(token);
  }
  if (options.strictVocabSize && tokens.size < options.vocabSize) {
    throw vocabularyTooSmall(where, tokens.size, options.vocabSize);
  }
  return [...tokens];
}
