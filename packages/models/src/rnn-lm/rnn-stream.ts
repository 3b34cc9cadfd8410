import { checkInteger } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import type { LanguageModelStream } from "../language-model/language-model.types.ts";
import type { RnnLanguageModel, RnnState } from "./rnn-language-model.ts";

/** Sequences of a recurrent model: the layers' states of all rows, as tensors. */
export class RnnStream implements LanguageModelStream {
  readonly rows: number;
  readonly #model: RnnLanguageModel;
  readonly #begun: Layers; // one row that has read the begin id
  readonly #histories: Int32Array | undefined;
  readonly #width: number;
  #now: Layers;

  constructor(model: RnnLanguageModel, rows: number) {
    this.rows = checkInteger("RnnLanguageModel.stream", "rows", rows, { min: 1 });
    this.#model = model;
    this.#width = (model.maxent?.order ?? 1) - 1;
    this.#histories = model.maxent && new Int32Array(rows * this.#width);
    this.#begun = tf.tidy(() => {
      const state = model.initialState(1);
      return model.step(Int32Array.of(model.beginId), state.layers) as Layers & tf.TensorContainer;
    });
    this.#now = this.#allBegun();
    this.#resetHistories();
  }

  advance(ids: ArrayLike<number>): void {
    const given = Int32Array.from(ids);
    const stays = given.some((id) => id < 0);
    const safe = stays ? given.map((id) => Math.max(id, 0)) : given;
    const next = tf.tidy(() => {
      const moved = this.#model.step(safe, this.#now) as Layers & tf.TensorContainer;
      if (!stays) return moved;
      const moves = tf.tensor2d(
        Uint8Array.from(given, (id) => (id < 0 ? 0 : 1)),
        [this.rows, 1],
        "bool",
      );
      return mapTensors(moved, this.#now, (fresh, old) => tf.where(moves, fresh, old));
    });
    this.#replace(next);
    this.#pushHistories(given);
  }

  logProbs(out: Float32Array): void {
    this.#model.writeLogProbs(this.#last, this.#histories, out);
  }

  /** Writes the last layer's h of all rows, `[rows, size]`. */
  hidden(out: Float32Array): void {
    out.set(this.#last.dataSync());
  }

  select(sources: ArrayLike<number>): void {
    const order = Int32Array.from(sources);
    this.#replace(
      tf.tidy(() => {
        const index = tf.tensor1d(order, "int32");
        return mapTensors(this.#now, this.#now, (tensor) => tf.gather(tensor, index));
      }),
    );
    if (this.#histories === undefined) return;
    const old = this.#histories.slice();
    order.forEach((from, row) => {
      const slice = old.subarray(from * this.#width, (from + 1) * this.#width);
      this.#histories!.set(slice, row * this.#width);
    });
  }

  reset(row?: number): void {
    if (row === undefined) this.#replace(this.#allBegun());
    else {
      this.#replace(
        tf.tidy(() => {
          const flags = new Uint8Array(this.rows);
          flags[row] = 1;
          const chosen = tf.tensor2d(flags, [this.rows, 1], "bool");
          return mapTensors(this.#now, this.#begun, (old, begun) =>
            tf.where(chosen, tf.broadcastTo(begun, old.shape), old),
          );
        }),
      );
    }
    this.#resetHistories(row);
  }

  dispose(): void {
    disposeAll(this.#now);
    disposeAll(this.#begun);
  }

  get #last(): tf.Tensor {
    return this.#now[this.#now.length - 1]!["h"]!;
  }

  #allBegun(): Layers {
    return tf.tidy(() =>
      mapTensors(this.#begun, this.#begun, (tensor) => tf.tile(tensor, [this.rows, 1])),
    );
  }

  #replace(next: Layers): void {
    disposeAll(this.#now);
    this.#now = next;
  }

  #resetHistories(row?: number): void {
    if (this.#histories === undefined || this.#width === 0) return;
    for (let r = row ?? 0; r <= (row ?? this.rows - 1); r++) {
      this.#histories.fill(-1, r * this.#width, (r + 1) * this.#width);
      this.#histories[(r + 1) * this.#width - 1] = this.#model.beginId;
    }
  }

  #pushHistories(ids: Int32Array): void {
    if (this.#histories === undefined || this.#width === 0) return;
    for (let row = 0; row < this.rows; row++) {
      if (ids[row]! < 0) continue;
      this.#histories.copyWithin(row * this.#width, row * this.#width + 1, (row + 1) * this.#width);
      this.#histories[(row + 1) * this.#width - 1] = ids[row]!;
    }
  }
}

/** The state of each layer, all rows. */
type Layers = RnnState["layers"];

function mapTensors(
  a: Layers,
  b: Layers,
  f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): Layers & tf.TensorContainer {
  return a.map((layer, k) =>
    Object.fromEntries(
      Object.entries(layer).map(([name, tensor]) => [name, f(tensor, b[k]![name]!)]),
    ),
  );
}

function disposeAll(layers: Layers): void {
  for (const layer of layers) for (const tensor of Object.values(layer)) tensor.dispose();
}
