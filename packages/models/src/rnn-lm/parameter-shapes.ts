import { fullConfig, type RnnLanguageModelConfig } from "./config.ts";

const gateCount = { lstm: 4, gru: 3, elman: 1 } as const;

/**
 * Name and shape of every parameter of a configuration, without making any: also for models larger than memory.
 * Only for the full softmax and the sampled outputs, whose parameters are the same.
 *
 * @example parameterCount(parameterShapes({ cell: "lstm", vocabSize: 10000, embeddingSize: 200, hiddenSize: 200, numLayers: 2 })) // 4653200
 */
export function parameterShapes(config: RnnLanguageModelConfig): Map<string, readonly number[]> {
  const full = fullConfig(config);
  const { vocabSize, embeddingSize, hiddenSizes, projSize, lastSize, tied } = full;
  const shapes = new Map<string, readonly number[]>([
    ["encoder.weight", [vocabSize, embeddingSize]],
  ]);
  const rows = gateCount[full.cell];
  let inputSize = embeddingSize;
  hiddenSizes.forEach((size, layer) => {
    const outputSize = projSize > 0 ? projSize : size;
    const add = (name: string, shape: readonly number[]) =>
      shapes.set(`rnn.${name}_l${layer}`, shape);
    add("weight_ih", [rows * size, inputSize]);
    add("weight_hh", [rows * size, outputSize]);
    add("bias_ih", [rows * size]);
    add("bias_hh", [rows * size]);
    if (projSize > 0) add("weight_hr", [projSize, size]);
    if (full.learnInitialState) {
      add("initial_h", [outputSize]);
      if (full.cell === "lstm") add("initial_c", [size]);
    }
    inputSize = outputSize;
  });
  if (tied && lastSize !== embeddingSize)
    shapes.set("projection.weight", [embeddingSize, lastSize]);
  if (!tied) shapes.set("decoder.weight", [vocabSize, lastSize]);
  shapes.set("decoder.bias", [vocabSize]);
  if (full.maxent !== undefined) shapes.set("maxent.weight", [2 ** full.maxent.bits]);
  return shapes;
}

/** Sum of the sizes. */
export function parameterCount(shapes: ReadonlyMap<string, readonly number[]>): number {
  let count = 0;
  for (const shape of shapes.values()) count += shape.reduce((a, b) => a * b, 1);
  return count;
}
