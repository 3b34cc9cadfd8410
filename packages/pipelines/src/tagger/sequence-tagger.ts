/** A trained tagger: words in, tags out. */
import { checkInteger, OptionError } from "@seq/core";
import type { Tagger } from "@seq/models";
import { type TaggerVocabulary, wordBatch } from "./tagging.ts";

/** The tags of one sentence. */
export interface Tagging {
  readonly tags: readonly string[];
  /** Probability of each chosen tag by the softmax of its score. */
  readonly probs: readonly number[];
}

export class SequenceTagger {
  /** Owned by the tagger. */
  readonly model: Tagger;
  readonly vocabulary: TaggerVocabulary;

  constructor(parts: { readonly model: Tagger; readonly vocabulary: TaggerVocabulary }) {
    this.model = parts.model;
    this.vocabulary = parts.vocabulary;
  }

  /**
   * Tags sentences of words; an empty sentence has no tags.
   *
   * @throws {OptionError} `OPTION_RANGE`
   */
  tag(
    sentences: readonly (readonly string[])[],
    options: { readonly batchSize?: number } = {},
  ): Tagging[] {
    const where = "SequenceTagger.tag";
    const batchSize = checkInteger(where, "batchSize", options.batchSize ?? 64, { min: 1 });
    const results: Tagging[] = sentences.map(() => ({ tags: [], probs: [] }));
    const order = [...sentences.keys()]
      .filter((i) => lengthOf(sentences, i) > 0)
      .sort((a, b) => lengthOf(sentences, a) - lengthOf(sentences, b));
    for (let first = 0; first < order.length; first += batchSize) {
      const rows = order.slice(first, first + batchSize);
      const batch = wordBatch(
        rows.map((i) => sentences[i] as readonly string[]),
        this.vocabulary,
      );
      const { tags, probs } = this.model.predict(batch);
      const { tagCount } = this.model.config;
      rows.forEach((i, row) => {
        const places = Array.from(
          { length: lengthOf(sentences, i) },
          (_, t) => row * batch.words.time + t,
        );
        results[i] = {
          tags: places.map((place) => this.#name(tags[place] as number)),
          probs: places.map((place) => probs[place * tagCount + (tags[place] as number)] as number),
        };
      });
    }
    return results;
  }

  dispose(): void {
    this.model.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #name(id: number): string {
    const name = this.vocabulary.tags.words[id];
    if (name === undefined) {
      throw new OptionError(
        `SequenceTagger: the model has more tags than the vocabulary (${id}).`,
        {
          code: "TOKENIZER_MISMATCH",
        },
      );
    }
    return name;
  }
}

function lengthOf(sentences: readonly (readonly string[])[], i: number): number {
  return (sentences[i] as readonly string[]).length;
}
