/** The encoder: embeddings and a stack of recurrent layers, read in both directions by default. */
import { newVariable, normalInitializer, RecurrentLayers } from "@seq/cells";
import type { Rng, SequenceBatch } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { createCell, type RecurrentState } from "../recurrent-cell.ts";
import { dropoutIn, embedIds, type Mode } from "../tensors.ts";
import type { EncoderDecoderConfig } from "./config.ts";

/** An encoded batch. The caller disposes the tensors. */
export interface Encoded {
  /** `[batch, time, encoderOutputSize]`, zero beyond lengths. */
  readonly outputs: tf.Tensor3D;
  readonly lengths: Int32Array;
  /** The last layer's state at both ends of the source, side by side: each `[batch, encoderOutputSize]`. */
  readonly state: RecurrentState;
}

export class Encoder {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #dropout: number;
  readonly #embedding: tf.Variable;
  readonly #layers: RecurrentLayers<RecurrentState>;

  constructor(config: EncoderDecoderConfig, rng: Rng) {
    const { sourceVocabSize, embeddingSize, encoderHiddenSize, encoderLayers } = config;
    this.#dropout = config.dropout;
    // Embeddings of about unit length keep the first products at the scale of the later ones.
    const initial = normalInitializer(1 / Math.sqrt(embeddingSize));
    const values = initial(sourceVocabSize, embeddingSize, rng);
    this.#embedding = newVariable(values, [sourceVocabSize, embeddingSize]);
    this.#layers = new RecurrentLayers({
      inputSize: embeddingSize,
      numLayers: encoderLayers,
      bidirectional: config.bidirectional,
      dropout: config.dropout,
      rng,
      createCell: (cell) => createCell(config.cell, cell.inputSize, encoderHiddenSize, cell.rng),
    });
    this.parameters = new Map([
      ["embedding.weight", this.#embedding],
      ...(this.#layers.parameters as ReadonlyMap<string, tf.Variable>),
    ]);
  }

  /**
   * @param source - lengths of at least 1.
   * @returns `[h_1 .. h_n]` of the last layer and its final state.
   */
  encode(source: SequenceBatch, mode: Mode): Encoded {
    const { lengths } = source;
    const { outputs, state } = tf.tidy(() => {
      const embedded = embedIds(this.#embedding, source.ids, source);
      const x = dropoutIn(mode, embedded, this.#dropout);
      const { outputs, finalState } = this.#layers.forward(x, { ...mode, lengths });
      const top = finalState.slice(-this.#layers.directions);
      return { outputs: outputs as tf.Tensor3D, state: joinDirections(top) };
    });
    return { outputs, lengths, state };
  }

  dispose(): void {
    this.#embedding.dispose();
    this.#layers.dispose();
  }
}

/** `[h_forward; h_backward]`, and the same for c. */
function joinDirections(states: readonly RecurrentState[]): RecurrentState {
  const join = (tensors: tf.Tensor[]) => tf.concat(tensors, 1);
  const h = join(states.map((state) => state.h));
  const cells = states.flatMap(({ c }) => (c === undefined ? [] : [c]));
  return cells.length === 0 ? { h } : { h, c: join(cells) };
}
