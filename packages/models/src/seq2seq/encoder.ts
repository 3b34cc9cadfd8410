/** The encoder: embeddings and a stack of recurrent layers, read in both directions by default. */
import { normalInitializer, runSequence } from "@seq/cells";
import type { Cell, Rng, SequenceBatch } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { createCell, type RecurrentCell, type RecurrentState } from "./cells.ts";
import type { EncoderDecoderConfig } from "./config.ts";
import { dropoutIn, embedIds, type Mode, newVariable } from "./tensors.ts";

/** An encoded batch. The caller disposes the tensors. */
export interface Encoded {
  /** `[batch, time, encoderOutputSize]`, zero beyond lengths. */
  readonly outputs: tf.Tensor3D;
  readonly lengths: Int32Array;
  /** The last layer's state at both ends of the source, side by side: each `[batch, encoderOutputSize]`. */
  readonly state: RecurrentState;
}

interface Layer {
  readonly forward: RecurrentCell;
  readonly backward: RecurrentCell | undefined;
}

export class Encoder {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #dropout: number;
  readonly #embedding: tf.Variable;
  readonly #layers: readonly Layer[];

  constructor(config: EncoderDecoderConfig, rng: Rng) {
    const { sourceVocabSize, embeddingSize } = config;
    this.#dropout = config.dropout;
    // Embeddings of about unit length keep the first products at the scale of the later ones.
    const initial = normalInitializer(1 / Math.sqrt(embeddingSize));
    const values = initial(sourceVocabSize, embeddingSize, rng);
    this.#embedding = newVariable(values, [sourceVocabSize, embeddingSize]);
    this.#layers = createLayers(config, rng);
    this.parameters = collectParameters(this.#embedding, this.#layers);
  }

  /**
   * @param source - lengths of at least 1.
   * @returns `[h_1 .. h_n]` of the last layer and its final state.
   */
  encode(source: SequenceBatch, mode: Mode): Encoded {
    const { lengths } = source;
    const { outputs, state } = tf.tidy(() => {
      let x: tf.Tensor = embedIds(this.#embedding, source.ids, source);
      let state: RecurrentState = { h: x };
      for (const layer of this.#layers) {
        ({ outputs: x, state } = runLayer(layer, dropoutIn(mode, x, this.#dropout), lengths));
      }
      return { outputs: x as tf.Tensor3D, state: { ...state } };
    });
    return { outputs, lengths, state };
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}

function createLayers(config: EncoderDecoderConfig, rng: Rng): Layer[] {
  const { cell, embeddingSize, encoderHiddenSize, encoderLayers, bidirectional } = config;
  const directions = bidirectional ? 2 : 1;
  return Array.from({ length: encoderLayers }, (_, i) => {
    const inputSize = i === 0 ? embeddingSize : directions * encoderHiddenSize;
    const forward = createCell(cell, inputSize, encoderHiddenSize, rng);
    const backward = bidirectional
      ? createCell(cell, inputSize, encoderHiddenSize, rng)
      : undefined;
    return { forward, backward };
  });
}

/** One layer in its directions; outputs and states of both are concatenated, forward first. */
function runLayer(
  { forward, backward }: Layer,
  x: tf.Tensor,
  lengths: Int32Array,
): { outputs: tf.Tensor; state: RecurrentState } {
  const ahead = run(forward, x, { lengths });
  if (backward === undefined) return ahead;
  const back = run(backward, x, { lengths, reverse: true });
  const join = (a: tf.Tensor, b: tf.Tensor) => tf.concat([a, b], -1);
  const h = join(ahead.state.h, back.state.h);
  const state = ahead.state.c && back.state.c ? { h, c: join(ahead.state.c, back.state.c) } : { h };
  return { outputs: join(ahead.outputs, back.outputs), state };
}

function run(
  cell: RecurrentCell,
  x: tf.Tensor,
  options: { readonly lengths: Int32Array; readonly reverse?: boolean },
): { outputs: tf.Tensor; state: RecurrentState } {
  // Both kinds of cell are cells over records of tensors; TypeScript cannot call a union of generics.
  const any = cell as unknown as Cell<tf.Tensor, { h: tf.Tensor }>;
  const { outputs, finalState } = runSequence(any, x, options);
  return { outputs, state: finalState };
}

/** Torch's names: `weight_ih_l0`, `weight_ih_l0_reverse` ... */
function collectParameters(
  embedding: tf.Variable,
  layers: readonly Layer[],
): Map<string, tf.Variable> {
  const parameters = new Map([["embedding.weight", embedding]]);
  layers.forEach(({ forward, backward }, i) => {
    for (const [name, value] of forward.parameters) parameters.set(`${name}_l${i}`, value);
    for (const [name, value] of backward?.parameters ?? []) {
      parameters.set(`${name}_l${i}_reverse`, value);
    }
  });
  return parameters;
}
