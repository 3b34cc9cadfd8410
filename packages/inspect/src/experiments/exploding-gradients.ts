/**
 * Exploding gradients, and what clipping does: the same Elman cell with a recurrent matrix of spectral radius
 * above 1, trained on delayed copy of one symbol by plain gradient descent with and without clipping the global norm.
 * Without a nonlinearity the unclipped run ends in NaN within a few steps; with tanh its states stay bounded
 * but a few huge steps throw it off, and it learns nothing.
 *
 * @see Pascanu, Mikolov & Bengio 2013, algorithm 1.
 */
import { checkInteger, checkNumber, checkOptions, Rng } from "@seq/core";
import { elmanOfRadius } from "./cell-kinds.ts";
import { delayedCopy } from "./memory-span.ts";
import { trainReadout } from "./train-readout.ts";

export interface ExplodingGradientsOptions {
  readonly seed?: number;
  /** Spectral radius of the recurrent matrix. Default 1.5. */
  readonly radius?: number;
  /** Default `"tanh"`. */
  readonly nonlinearity?: "tanh" | "identity";
  /** Distractors of the delayed copy: how far the gradient travels. Default 30. */
  readonly delay?: number;
  /** Default 400. */
  readonly steps?: number;
  /** Default 0.1. */
  readonly learningRate?: number;
  /** Default 32. */
  readonly hiddenSize?: number;
  /** Norm that gradients are clipped to. Default 1. */
  readonly clipNorm?: number;
}

export interface ExplodingRun {
  readonly clipNorm: number | null;
  /** Per step; the run without clipping may end early. */
  readonly losses: Float64Array;
  /** Before clipping. */
  readonly gradientNorms: Float64Array;
  /** Step at which loss or gradient was not finite. */
  readonly divergedAt: number | undefined;
  /** On 256 new sequences; chance is 1/4. */
  readonly accuracy: number;
}

const known = [
  "seed", "radius", "nonlinearity", "delay", "steps", "learningRate", "hiddenSize", "clipNorm",
]; // biome-ignore format: a list

/** Runs both. Needs `await loadKernels()`. @returns without and with clipping, from the same weights and data. */
export function explodingGradients(
  options: ExplodingGradientsOptions = {},
): readonly [unclipped: ExplodingRun, clipped: ExplodingRun] {
  const where = "explodingGradients";
  checkOptions(where, options, known);
  const {
    seed = 0,
    delay = 30,
    learningRate = 0.1,
    nonlinearity = "tanh",
    hiddenSize = 32,
  } = options;
  const radius = checkNumber(where, "radius", options.radius ?? 1.5, { min: 0 });
  const clip = checkNumber(where, "clipNorm", options.clipNorm ?? 1, { min: 0 });
  const steps = checkInteger(where, "steps", options.steps ?? 400, { min: 1 });
  const task = delayedCopy(delay, { length: 1, choices: 4 });
  const run = (clipNorm: number | null): ExplodingRun => {
    const rng = new Rng(seed);
    const create = elmanOfRadius(radius, nonlinearity);
    const cell = create({ inputSize: task.symbols, hiddenSize, rng: rng.split() });
    const trained = trainReadout(cell, task, {
      rng: rng.split(),
      steps,
      learningRate,
      clipNorm,
      optimizer: "sgd",
    });
    const accuracy = trained.accuracy(task.draw(rng.split(), 256));
    trained.dispose();
    cell.dispose();
    const { losses, gradientNorms, divergedAt } = trained;
    return { clipNorm, losses, gradientNorms, divergedAt, accuracy };
  };
  return [run(null), run(clip)];
}
