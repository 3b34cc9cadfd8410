/** Sentences of words with tags, as ids. */
import { OptionError, VocabularyError } from "@seq/core";
import type { TaggedBatch, WordBatch } from "@seq/models";
import { padSequences } from "@seq/train";
import { WordList } from "../words/word-list.ts";

/** A tokenized sentence with one gold tag for each word. */
export interface TaggedSentence {
  readonly tokens: readonly string[];
  readonly tags: readonly string[];
}

/** What a tagger knows of spelling: words (lower-cased), characters, tags. */
export interface TaggerVocabulary {
  readonly words: WordList;
  readonly characters: WordList;
  readonly tags: WordList;
}

/**
 * Words seen once are left to the unknown word, which so learns what rare words are like; their
 * characters still tell them apart.
 */
export function learnTaggerVocabulary(sentences: readonly TaggedSentence[]): TaggerVocabulary {
  const words = sentences.flatMap((sentence) => sentence.tokens);
  return {
    words: WordList.learn(words.map(fold), { minCount: 2 }),
    characters: WordList.learn(words.flatMap((word) => [...word])),
    tags: WordList.labels(sentences.flatMap((sentence) => sentence.tags)),
  };
}

/** Words and their spelling as one batch. */
export function wordBatch(
  sentences: readonly (readonly string[])[],
  vocabulary: TaggerVocabulary,
): WordBatch {
  const words = padSequences(
    sentences.map((sentence) => sentence.map((word) => vocabulary.words.id(fold(word)))),
  );
  const distinct = new Map<string, number>();
  const wordOf = new Int32Array(words.ids.length);
  sentences.forEach((sentence, row) => {
    sentence.forEach((word, t) => {
      const known = distinct.get(word) ?? distinct.size;
      distinct.set(word, known);
      wordOf[row * words.time + t] = known;
    });
  });
  const spelled = [...distinct.keys()].map((word) =>
    // A word without characters still needs one step.
    word === "" ? [1] : [...word].map((character) => vocabulary.characters.id(character)),
  );
  return { words, spelling: { characters: padSequences(spelled), wordOf } };
}

/** @throws {VocabularyError} `UNKNOWN_TAG` for a tag that training has not seen, naming the sentence. */
export function taggedBatch(
  sentences: readonly TaggedSentence[],
  vocabulary: TaggerVocabulary,
): TaggedBatch {
  const batch = wordBatch(
    sentences.map((sentence) => sentence.tokens),
    vocabulary,
  );
  const tags = new Int32Array(batch.words.ids.length);
  sentences.forEach((sentence, row) => {
    sentence.tags.forEach((tag, t) => {
      const id = vocabulary.tags.find(tag);
      if (id === undefined) {
        throw new VocabularyError(
          `tag "${tag}" of word "${sentence.tokens[t]}" is unknown; training knew ${vocabulary.tags.words.join(" ")}.`,
          { code: "UNKNOWN_TAG", details: { tag } },
        );
      }
      tags[row * batch.words.time + t] = id;
    });
  });
  return { ...batch, tags };
}

/** @throws {OptionError} `SENTENCE`, by number, for an empty sentence or one whose tags and words differ in number. */
export function checkSentences(where: string, sentences: readonly TaggedSentence[]): void {
  sentences.forEach(({ tokens, tags }, i) => {
    const fault =
      tokens.length === 0
        ? "is empty"
        : tokens.length !== tags.length
          ? `has ${tokens.length} tokens and ${tags.length} tags`
          : undefined;
    if (fault === undefined) return;
    throw new OptionError(
      `${where}: sentence ${i + 1} ${fault}; expected one tag for each token.`,
      {
        code: "SENTENCE",
        details: { sentence: i + 1 },
      },
    );
  });
}

function fold(word: string): string {
  return word.toLowerCase();
}
