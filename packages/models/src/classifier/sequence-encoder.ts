/**
 * Text or frames to vectors, for classifiers and for models of your own: embeddings (or float features as
 * they are) and recurrent layers, both directions by default.
 */
import { RecurrentLayers } from "@seq/cells";
import {
  checkInteger,
  checkNumber,
  checkOneOf,
  checkOptions,
  OptionError,
  type Rng,
  type SequenceBatch,
} from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { EmbeddingTable } from "../embedding-table.ts";
import { createCell, type RecurrentState } from "../recurrent-cell.ts";
import { dropoutIn, type Mode, prefixed } from "../tensors.ts";

/** Sequences of feature vectors (audio frames, measurements), padded at the end. */
export interface FrameBatch {
  /** `[batchSize * time * featureSize]`, row-major. */
  readonly frames: Float32Array;
  readonly lengths: Int32Array;
  readonly batchSize: number;
  readonly time: number;
}

export interface SequenceEncoderOptions {
  /** For ids: the size of the vocabulary. */
  readonly vocabSize?: number;
  /** For ids: the width of their embeddings. Default 100. */
  readonly embeddingSize?: number;
  /** For frames, instead of `vocabSize`: the number of features. */
  readonly featureSize?: number;
  /** Per direction. Default 128. */
  readonly hiddenSize?: number;
  /** Default 1. */
  readonly layers?: number;
  /** Default "lstm". */
  readonly cell?: "lstm" | "gru";
  /** Default true. */
  readonly bidirectional?: boolean;
  /** Dropout on the input of every layer and on the outputs, 0..1. Default 0. */
  readonly dropout?: number;
}

export const sequenceEncoderOptionNames = [
  ...["vocabSize", "embeddingSize", "featureSize", "hiddenSize", "layers", "cell"],
  ...["bidirectional", "dropout"],
];

/** What `encode` gives; the caller disposes the tensors. */
export type EncodedSequence = {
  /** `[batch, time, outputSize]`, zero beyond lengths. */
  readonly outputs: tf.Tensor;
  /** Per layer and direction, at each row's true end. */
  readonly finalState: readonly RecurrentState[];
};

export class SequenceEncoder {
  readonly outputSize: number;
  readonly directions: number;
  /** Owned by the encoder. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #where: string;
  readonly #dropout: number;
  readonly #featureSize: number | undefined;
  readonly #embedding: EmbeddingTable | undefined;
  readonly #layers: RecurrentLayers<RecurrentState>;

  /** @param pretrained - embeddings `[vocabSize * embeddingSize]` to start from. */
  constructor(
    options: SequenceEncoderOptions,
    rng: Rng,
    pretrained?: Float32Array,
    where = "SequenceEncoder",
  ) {
    checkOptions(where, options, sequenceEncoderOptionNames);
    this.#where = where;
    const { vocabSize, featureSize, bidirectional = true } = options;
    if ((vocabSize === undefined) === (featureSize === undefined)) {
      throw new OptionError(
        `${where}: give either vocabSize (for ids) or featureSize (for frames).`,
        { code: "OPTION_PAIR", details: { vocabSize, featureSize } },
      );
    }
    const embeddingSize = options.embeddingSize ?? 100;
    const hiddenSize = checkInteger(where, "hiddenSize", options.hiddenSize ?? 128, { min: 1 });
    const cellKind = checkOneOf(where, "cell", options.cell ?? "lstm", ["lstm", "gru"]);
    this.#dropout = checkNumber(where, "dropout", options.dropout ?? 0, { min: 0, max: 1 });
    this.#featureSize = featureSize;
    this.#embedding =
      vocabSize === undefined
        ? undefined
        : new EmbeddingTable(vocabSize, embeddingSize, rng, pretrained);
    this.#layers = new RecurrentLayers({
      inputSize: featureSize ?? embeddingSize,
      numLayers: options.layers ?? 1,
      bidirectional,
      dropout: this.#dropout,
      rng,
      createCell: (cell) => createCell(cellKind, cell.inputSize, hiddenSize, cell.rng),
    });
    this.outputSize = this.#layers.outputSize;
    this.directions = bidirectional ? 2 : 1;
    this.parameters = new Map([
      ...prefixed("embedding", this.#embedding?.parameters ?? new Map()),
      ...prefixed("layers", this.#layers.parameters as ReadonlyMap<string, tf.Variable>),
    ]);
  }

  encode(batch: SequenceBatch | FrameBatch, mode: Mode = { training: false }): EncodedSequence {
    return tf.tidy(() => {
      const input = dropoutIn(mode, this.#input(batch), this.#embedding ? this.#dropout : 0);
      const { outputs, finalState } = this.#layers.forward(input, {
        ...mode,
        lengths: batch.lengths,
      });
      return { outputs: dropoutIn(mode, outputs, this.#dropout), finalState: [...finalState] };
    });
  }

  dispose(): void {
    this.#embedding?.dispose();
    this.#layers.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #input(batch: SequenceBatch | FrameBatch): tf.Tensor {
    const { batchSize, time } = batch;
    if (this.#embedding !== undefined && "ids" in batch) {
      return this.#embedding.look(batch.ids, [batchSize, time]);
    }
    if (this.#featureSize !== undefined && "frames" in batch) {
      return tf.tensor3d(batch.frames, [batchSize, time, this.#featureSize]);
    }
    const wanted = this.#embedding === undefined ? "frames" : "ids";
    throw new OptionError(`${this.#where}: the batch has no ${wanted}, which this encoder reads.`, {
      code: "MISSING_OPTION",
      details: { option: wanted },
    });
  }
}
