/** Options of the cells that torch has not: one bias vector, one matrix for the input, one for h. */
import { checkOptions, type Rng } from "@seq/core";
import { checkBoolean } from "../check.ts";
import type { ParameterInitializers } from "../initializers.ts";
import type { ParameterSpec } from "./parameters.ts";

export interface VariantCellOptions {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** Draws the initial weights. */
  readonly rng: Rng;
  /** One bias vector for all gates; default true. */
  readonly bias?: boolean;
  /** For all parameters, or by name; default: uniform within 1 / sqrt(hiddenSize). */
  readonly initializer?: ParameterInitializers;
}

/**
 * Checks the options and lists the parameters: `weight_ih` `[gates * hidden, input]`, `weight_hh`
 * `[gates * hidden, hidden]`, `bias_ih` `[gates * hidden]`.
 */
export function variantSpecs(
  where: string,
  options: VariantCellOptions,
  gates: number,
): ParameterSpec[] {
  checkOptions(where, options, ["inputSize", "hiddenSize", "rng", "bias", "initializer"]);
  const { inputSize, hiddenSize } = options;
  const specs: ParameterSpec[] = [
    { name: "weight_ih", blocks: gates, rows: hiddenSize, columns: inputSize },
    { name: "weight_hh", blocks: gates, rows: hiddenSize, columns: hiddenSize },
  ];
  if (checkBoolean(where, "bias", options.bias ?? true)) {
    specs.push({ name: "bias_ih", blocks: gates, rows: hiddenSize });
  }
  return specs;
}
