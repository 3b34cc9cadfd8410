/**
 * What a tagger knows of each word: its embedding and, beside it, what a bidirectional recurrent layer
 * reads from its characters (so that unseen words have a form too).
 *
 * @see Ling et al. 2015; Plank et al. 2016, section 2.
 */
import { RecurrentLayers } from "@seq/cells";
import type { Rng, SequenceBatch } from "@seq/core";
import { embedding } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { EmbeddingTable } from "../embedding-table.ts";
import { createCell, type RecurrentState } from "../recurrent-cell.ts";
import { dropoutIn, type Mode, prefixed } from "../tensors.ts";
import type { TaggerConfig } from "./config.ts";

/** Words by id and by spelling. */
export interface WordBatch {
  readonly words: SequenceBatch;
  /**
   * The spelling of each distinct word of the batch, and which of them stands at each position of
   * `words` (`[batchSize * time]`; anything at pads). Required by a tagger with characters.
   */
  readonly spelling?: { readonly characters: SequenceBatch; readonly wordOf: Int32Array };
}

export class WordFeatures {
  readonly size: number;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #dropout: number;
  readonly #words: EmbeddingTable;
  readonly #characters: EmbeddingTable | undefined;
  readonly #speller: RecurrentLayers<RecurrentState> | undefined;

  constructor(config: TaggerConfig, rng: Rng, pretrained?: Float32Array) {
    const { wordVocabSize, wordEmbeddingSize, characters, cell } = config;
    this.#dropout = config.dropout;
    this.#words = new EmbeddingTable(wordVocabSize, wordEmbeddingSize, rng, pretrained);
    if (characters === null) {
      this.size = wordEmbeddingSize;
    } else {
      this.#characters = new EmbeddingTable(characters.vocabSize, characters.embeddingSize, rng);
      this.#speller = new RecurrentLayers({
        inputSize: characters.embeddingSize,
        bidirectional: true,
        rng,
        createCell: ({ inputSize, rng }) => createCell(cell, inputSize, characters.hiddenSize, rng),
      });
      this.size = wordEmbeddingSize + 2 * characters.hiddenSize;
    }
    this.parameters = new Map([
      ...prefixed("words", this.#words.parameters),
      ...prefixed("characters", this.#characters?.parameters ?? new Map()),
      ...prefixed("speller", (this.#speller?.parameters ?? new Map()) as Map<string, tf.Variable>),
    ]);
  }

  /** `[batchSize, time, size]` */
  look({ words, spelling }: WordBatch, mode: Mode): tf.Tensor {
    const { batchSize, time } = words;
    const byId = this.#words.look(words.ids, [batchSize, time]);
    if (this.#speller === undefined || this.#characters === undefined) {
      return dropoutIn(mode, byId, this.#dropout);
    }
    if (spelling === undefined) throw new Error("the batch has no spelling");
    const { characters, wordOf } = spelling;
    const letters = this.#characters.look(characters.ids, [characters.batchSize, characters.time]);
    const { finalState } = this.#speller.forward(dropoutIn(mode, letters, this.#dropout), {
      lengths: characters.lengths,
    });
    const forms = tf.concat(
      finalState.map((state) => state.h),
      1,
    ); // [distinct, 2 * hiddenSize]
    const byForm = embedding(forms, tf.tensor2d(wordOf, [batchSize, time], "int32"));
    return dropoutIn(mode, tf.concat([byId, byForm], 2), this.#dropout);
  }

  dispose(): void {
    this.#words.dispose();
    this.#characters?.dispose();
    this.#speller?.dispose();
  }
}
