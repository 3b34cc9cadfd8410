/** The parameters of cells: which there are, how they are drawn, and the variables that hold them. */
import { checkOptions, type Rng, ShapeError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import {
  type Initializer,
  type ParameterInitializers,
  uniformInitializer,
} from "../initializers.ts";

/** One parameter of a cell: `blocks` gates of `rows` x `columns` (no columns: a vector), packed. */
export interface ParameterSpec {
  readonly name: string;
  readonly blocks: number;
  readonly rows: number;
  readonly columns?: number;
  /** Default: the cell's initializer. */
  readonly initializer?: Initializer;
}

export type DrawnSpec = ParameterSpec & { readonly initializer: Initializer };

/** The caller's initializer comes before the cell's own, and torch.nn's last. */
export function withInitializers(
  where: string,
  specs: readonly ParameterSpec[],
  given: ParameterInitializers | undefined,
  hiddenSize: number,
): DrawnSpec[] {
  const byName = typeof given === "object" ? given : {};
  const names = specs.map(({ name }) => name);
  checkOptions(`${where} initializer`, byName, names);
  const torch = uniformInitializer(1 / Math.sqrt(hiddenSize));
  const fallback = typeof given === "function" ? given : torch;
  return specs.map((spec) => ({
    ...spec,
    initializer: byName[spec.name] ?? spec.initializer ?? fallback,
  }));
}

/** Draws each block by itself, so that fans are those of one gate. */
export function createParameters(
  where: string,
  specs: readonly DrawnSpec[],
  rng: Rng,
): Map<string, tf.Variable> {
  const drawn = specs.map(({ name, blocks, rows, columns, initializer }) => {
    const size = rows * (columns ?? 1);
    const values = new Float32Array(blocks * size);
    for (let block = 0; block < blocks; block++) {
      const own = initializer(rows, columns ?? 1, rng);
      if (own.length !== size) {
        throw new ShapeError(
          `${where}: the initializer of ${name} gave ${own.length} values, expected ${size} (${rows} x ${columns ?? 1}).`,
          { code: "INITIALIZER", details: { name, length: own.length } },
        );
      }
      values.set(own, block * size);
    }
    const shape = columns === undefined ? [blocks * rows] : [blocks * rows, columns];
    return { name, values, shape };
  });
  return new Map(drawn.map(({ name, values, shape }) => [name, newVariable(values, shape)]));
}

/** A trainable variable from plain values; the caller owns it. */
export function newVariable(values: Float32Array, shape: number[]): tf.Variable {
  const initial = tf.tensor(values, shape, "float32");
  const variable = tf.variable(initial, true);
  initial.dispose();
  return variable;
}

/** torch.nn's parameters of a cell with `gates` packed gates. */
export function torchSpecs(
  gates: number,
  inputSize: number,
  hiddenSize: number,
  { bias, outputSize = hiddenSize }: { bias: boolean; outputSize?: number },
): ParameterSpec[] {
  const specs: ParameterSpec[] = [
    { name: "weight_ih", blocks: gates, rows: hiddenSize, columns: inputSize },
    { name: "weight_hh", blocks: gates, rows: hiddenSize, columns: outputSize },
  ];
  if (bias) {
    specs.push({ name: "bias_ih", blocks: gates, rows: hiddenSize });
    specs.push({ name: "bias_hh", blocks: gates, rows: hiddenSize });
  }
  return specs;
}
