/**
 * Memory span: how many steps a cell can hold one symbol while others pass by.
 *
 * Delayed copy: the first symbols are to be remembered; then come `delay` distractors from another alphabet,
 * then a sign that asks for them in order. (One symbol of four is no test: an Elman cell keeps it in one of
 * four stable states. Three of eight are 9 bits.) Each kind of cell is trained for a fixed number of steps on delays that grow whenever it
 * has learned the present ones; its span is the longest tested delay up to which it answers at least 90 %
 * right. Lectures put it as "about 7 steps for a simple recurrent network, about 100 for an LSTM": how many
 * exactly depends on size, seed and training.
 *
 * @see Hochreiter & Schmidhuber 1997, experiment 2; Bengio, Simard & Frasconi 1994.
 */
import { checkInteger, checkNumber, checkOptions, OptionError, Rng } from "@seq/core";
import { type CellFactory, standardCells } from "./cell-kinds.ts";
import { type SymbolBatch, type SymbolTask, trainReadout } from "./train-readout.ts";

export interface DelayedCopyOptions {
  /** How many symbols are to be remembered, in order. Default 3. */
  readonly length?: number;
  /** Out of how many each is drawn. Default 8: three of them carry 9 bits. */
  readonly choices?: number;
  /** Size of the alphabet of what passes by. Default 4. */
  readonly distractors?: number;
}

/**
 * The task itself. Symbols 0..choices-1 are to be remembered, the next `distractors` pass by, the last asks;
 * it is shown once for each symbol, which are to be said in order.
 */
export function delayedCopy(delay: number, options: DelayedCopyOptions = {}): SymbolTask {
  checkOptions("delayedCopy", options, ["length", "choices", "distractors"]);
  checkInteger("delayedCopy", "delay", delay, { min: 0 });
  const length = checkInteger("delayedCopy", "length", options.length ?? 3, { min: 1 });
  const choices = checkInteger("delayedCopy", "choices", options.choices ?? 8, { min: 2 });
  const distractors = checkInteger("delayedCopy", "distractors", options.distractors ?? 4, {
    min: 1,
  });
  const time = delay + 2 * length;
  const ask = choices + distractors;
  return {
    symbols: ask + 1,
    classes: choices,
    draw(rng: Rng, batchSize: number): SymbolBatch {
      const ids = new Int32Array(batchSize * time).fill(ask);
      const targets = new Int32Array(batchSize * time).fill(-1);
      for (let row = 0; row < batchSize; row++) {
        const begin = row * time;
        for (let k = 0; k < length; k++) {
          const symbol = rng.integer(choices);
          ids[begin + k] = symbol;
          targets[begin + length + delay + k] = symbol;
        }
        for (let t = 0; t < delay; t++)
          ids[begin + length + t] = choices + rng.integer(distractors);
      }
      return { ids, targets, batchSize, time };
    },
  };
}

export interface MemorySpanOptions {
  /** Tested, ascending. Default 2, 5, 10, 20, 40, 80. */
  readonly delays?: readonly number[];
  /** By name. Default Elman, GRU and LSTM. */
  readonly cells?: Readonly<Record<string, CellFactory>>;
  /** What is to be remembered. Default three of eight symbols. */
  readonly copy?: DelayedCopyOptions;
  readonly seed?: number;
  /** Default 32. */
  readonly hiddenSize?: number;
  /** Training steps per cell, of 32 sequences. Default 1000. */
  readonly steps?: number;
  /** Default 0.01. */
  readonly learningRate?: number;
  /** Accuracy that counts as remembered. Default 0.9. */
  readonly threshold?: number;
  readonly signal?: AbortSignal;
  /** Called after each training step with the delay reached. */
  readonly onProgress?: (cell: string, step: number, delay: number) => void;
}

export interface MemorySpan {
  readonly cell: string;
  readonly delays: readonly number[];
  /** On 256 new sequences, by delay. Chance is 1/8. */
  readonly accuracies: readonly number[];
  /** Longest delay up to which every tested one was remembered; 0 for none. */
  readonly span: number;
  /** Longest delay that training reached. */
  readonly trainedDelay: number;
}

const known = [
  "delays", "cells", "copy", "seed", "hiddenSize", "steps", "learningRate", "threshold", "signal", "onProgress",
]; // biome-ignore format: a list

/**
 * Runs the experiment. Needs `await loadKernels()`.
 *
 * @throws {OptionError} for options out of range.
 * @example memorySpan({ delays: [5, 20] }) // [{ cell: "Elman", accuracies: [1, 0.3], span: 5, ... }, ...]
 */
export function memorySpan(options: MemorySpanOptions = {}): MemorySpan[] {
  const where = "memorySpan";
  checkOptions(where, options, known);
  const { delays = [2, 5, 10, 20, 40, 80], cells = standardCells } = options;
  if (
    delays.length === 0 ||
    delays.some((delay, i) => i > 0 && delay <= (delays[i - 1] as number))
  ) {
    throw new OptionError(
      `memorySpan: delays are ${delays.join(", ")}, expected an ascending list.`,
      {
        code: "OPTION_RANGE",
      },
    );
  }
  const threshold = checkNumber(where, "threshold", options.threshold ?? 0.9, { min: 0, max: 1 });
  return Object.entries(cells).map(([cell, create]) => {
    const { accuracies, trainedDelay } = trainAndTest(cell, create, delays, options);
    const failed = accuracies.findIndex((accuracy) => !(accuracy >= threshold));
    const span = failed < 0 ? delays.at(-1) : delays[failed - 1];
    return { cell, delays: [...delays], accuracies, span: span ?? 0, trainedDelay };
  });
}

function trainAndTest(
  name: string,
  create: CellFactory,
  delays: readonly number[],
  options: MemorySpanOptions,
): { accuracies: number[]; trainedDelay: number } {
  const { seed = 0, hiddenSize = 32, steps = 1000, learningRate = 0.01, signal, copy } = options;
  const rng = new Rng(seed);
  const curriculum = new Curriculum(2 * (delays.at(-1) as number), copy);
  const cell = create({ inputSize: curriculum.task.symbols, hiddenSize, rng: rng.split() });
  const trained = trainReadout(cell, curriculum.task, {
    rng: rng.split(),
    steps,
    learningRate,
    ...(signal === undefined ? {} : { signal }),
    onProgress(step, loss) {
      curriculum.learned(loss);
      options.onProgress?.(name, step, curriculum.delay);
    },
  });
  const test = rng.split();
  const accuracies = delays.map((delay) =>
    trained.accuracy(delayedCopy(delay, copy).draw(test, 256)),
  );
  trained.dispose();
  cell.dispose();
  return { accuracies, trainedDelay: curriculum.delay };
}

/** Delays up to a limit that grows by a quarter whenever the last ten losses were small. */
class Curriculum {
  delay = 2;
  readonly task: SymbolTask;
  readonly #longest: number;
  #recent: number[] = [];

  constructor(longest: number, copy?: DelayedCopyOptions) {
    this.#longest = longest;
    this.task = {
      ...delayedCopy(0, copy),
      draw: (rng, batchSize) => delayedCopy(1 + rng.integer(this.delay), copy).draw(rng, batchSize),
    };
  }

  learned(loss: number): void {
    this.#recent.push(loss);
    if (this.#recent.length < 10) return;
    const mean = this.#recent.reduce((sum, value) => sum + value, 0) / this.#recent.length;
    this.#recent = [];
    if (mean < 0.1) this.delay = Math.min(this.#longest, Math.ceil(1.25 * this.delay));
  }
}
