/** A language model small enough for tests: embedding, Elman network, softmax; state carried when the data says so. */
import type { Loss, LossContext, SequenceBatch, SequenceModel } from "@seq/core";
import { Rng } from "@seq/core";
import { dropout, elmanSequence, embedding, linearCrossEntropy } from "@seq/kernels";
import {
  reshape,
  slice,
  type Tensor,
  tensor,
  tensor2d,
  type Variable,
  variable,
  zeros,
} from "@tensorflow/tfjs-core";

export interface TinyOptions {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly seed?: number;
  /** Dropout on the embeddings, to use up random numbers. */
  readonly dropout?: number;
  /** Size of random weights. */
  readonly scale?: number;
  readonly activation?: "tanh" | "identity" | "relu";
}

export class TinyLanguageModel implements SequenceModel<SequenceBatch, Tensor> {
  readonly kind = "tiny-language-model";
  readonly config: Readonly<Record<string, unknown>>;
  readonly parameters: ReadonlyMap<string, Variable>;
  readonly #options: TinyOptions;

  constructor(options: TinyOptions) {
    this.#options = options;
    this.config = { ...options };
    const { vocabSize: v, hiddenSize: h, seed = 1, scale = 0.3 } = options;
    const rng = new Rng(seed);
    const make = (...shape: number[]): Variable => {
      const size = shape.reduce((a, b) => a * b, 1);
      const values = Float32Array.from({ length: size }, () => rng.normal(0, scale));
      const initial = tensor(values, shape);
      const made = variable(initial);
      initial.dispose();
      return made;
    };
    this.parameters = new Map([
      ["embedding", make(v, h)],
      ["weightIh", make(h, h)],
      ["weightHh", make(h, h)],
      ["bias", make(h)],
      ["output.weight", make(v, h)],
      ["output.bias", make(v)],
    ]);
  }

  get(name: string): Variable {
    return this.parameters.get(name) as Variable;
  }

  loss(batch: SequenceBatch, { training, rng, state }: LossContext): Loss<Tensor> {
    const { batchSize, time, ids, lengths } = batch;
    const { hiddenSize, dropout: rate = 0, activation = "tanh" } = this.#options;
    const table = tensor2d(ids, [batchSize, time], "int32");
    const inputs = slice(table, [0, 0], [batchSize, time - 1]);
    const targets = new Int32Array(batchSize * (time - 1)).fill(-100);
    let count = 0;
    for (let row = 0; row < batchSize; row++) {
      for (let t = 1; t < lengths[row]!; t++) {
        targets[row * (time - 1) + t - 1] = ids[row * time + t]!;
        count++;
      }
    }
    let x = embedding(this.get("embedding"), inputs); // [batch, time - 1, hidden]
    if (training && rate > 0) x = dropout(x, rate, rng!);
    const h = (state as { h: Tensor } | undefined)?.h ?? zeros([batchSize, hiddenSize]);
    const weights = {
      weightIh: this.get("weightIh"),
      weightHh: this.get("weightHh"),
      biasIh: this.get("bias"),
    };
    const run = elmanSequence(x, { h }, weights as never, { activation });
    const mean = linearCrossEntropy(
      reshape(run.outputs, [batchSize * (time - 1), hiddenSize]),
      this.get("output.weight"),
      this.get("output.bias"),
      tensor(targets, [targets.length], "int32"),
    );
    return { mean, targets: count, state: run.state };
  }

  dispose(): void {
    for (const parameter of this.parameters.values()) parameter.dispose();
  }
}

/** Rows of a counting language that a small model learns quickly: each id is followed by the next. */
export function countingRows(count: number, vocabSize: number, seed: number): Int32Array[] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () => {
    const first = rng.integer(vocabSize);
    return Int32Array.from({ length: 3 + rng.integer(8) }, (_, i) => (first + i) % vocabSize);
  });
}
