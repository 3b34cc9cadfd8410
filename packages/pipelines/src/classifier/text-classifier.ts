/** A trained classifier: text in, labels out. */
import { checkInteger } from "@seq/core";
import type { Classifier } from "@seq/models";
import { padSequences } from "@seq/train";
import { splitWords } from "../words/split-words.ts";
import { unknownId, type WordList } from "../words/word-list.ts";

/** What a classifier thinks of one text. */
export interface Classification {
  /** The most probable label; of several labels at once, those above one half. */
  readonly labels: readonly string[];
  /** Every label with its probability, the most probable first. */
  readonly ranking: readonly { readonly label: string; readonly prob: number }[];
}

export class TextClassifier {
  /** Owned by the classifier. */
  readonly model: Classifier;
  readonly words: WordList;
  readonly labels: WordList;

  constructor(parts: {
    readonly model: Classifier;
    readonly words: WordList;
    readonly labels: WordList;
  }) {
    this.model = parts.model;
    this.words = parts.words;
    this.labels = parts.labels;
  }

  /** @throws {OptionError} `OPTION_RANGE` */
  classify(
    texts: readonly string[],
    options: { readonly batchSize?: number } = {},
  ): Classification[] {
    const where = "TextClassifier.classify";
    const batchSize = checkInteger(where, "batchSize", options.batchSize ?? 64, { min: 1 });
    const rows = texts.map((text) => textIds(this.words, text));
    const order = [...rows.keys()].sort(
      (a, b) => (rows[a] as number[]).length - (rows[b] as number[]).length,
    );
    const results = new Array<Classification>(texts.length);
    for (let first = 0; first < order.length; first += batchSize) {
      const numbers = order.slice(first, first + batchSize);
      const batch = padSequences(numbers.map((i) => rows[i] as number[]));
      const probs = this.model.predict(batch);
      numbers.forEach((i, row) => {
        const size = this.labels.size;
        results[i] = this.#describe(probs.subarray(row * size, (row + 1) * size));
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

  #describe(probs: Float32Array): Classification {
    const ranking = this.labels.words
      .map((label, id) => ({ label, prob: probs[id] as number }))
      .sort((a, b) => b.prob - a.prob);
    const chosen = this.model.config.multiLabel
      ? ranking.filter(({ prob }) => prob > 0.5)
      : ranking.slice(0, 1);
    return { labels: chosen.map(({ label }) => label), ranking };
  }
}

/** A text without words is one unknown word: the model needs a step to take. */
export function textIds(words: WordList, text: string): number[] {
  const ids = splitWords(text).map((word) => words.id(word));
  return ids.length === 0 ? [unknownId] : ids;
}
