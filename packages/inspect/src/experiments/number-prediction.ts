/**
 * Agreement by supervision: a cell reads everything before the verb and says whether it must be singular or
 * plural. Errors by number of attractors, for each kind of cell; the sequential rule ("agree with the last
 * noun") is wrong for every item with an attractor right before the verb.
 *
 * @see Linzen, Dupoux & Goldberg 2016, section 3 (number prediction).
 */
import { checkInteger, checkOptions, Rng } from "@seq/core";
import { type AgreementItem, agreementItems, agreementVocabulary } from "../behaviour/agreement.ts";
import { byGroup, type GroupResult } from "../behaviour/minimal-pairs.ts";
import { type CellFactory, standardCells } from "./cell-kinds.ts";
import { type SymbolBatch, type SymbolTask, trainReadout } from "./train-readout.ts";

export interface NumberPredictionOptions {
  readonly cells?: Readonly<Record<string, CellFactory>>;
  readonly seed?: number;
  /** Default 32. */
  readonly hiddenSize?: number;
  /** Training steps of 32 sentences. Default 300. */
  readonly steps?: number;
  /** Most attractors in training. Default 2: more of them at test show what generalises. */
  readonly trainAttractors?: number;
  /** Most attractors in the test set. Default 4. */
  readonly testAttractors?: number;
  /** Default 1000. */
  readonly testItems?: number;
  readonly signal?: AbortSignal;
}

export interface NumberPrediction {
  /** The kind of cell, or `"last noun"` for the sequential rule. */
  readonly cell: string;
  /** Errors by number of attractors. */
  readonly groups: readonly GroupResult[];
}

const known = [
  "cells", "seed", "hiddenSize", "steps", "trainAttractors", "testAttractors", "testItems", "signal",
]; // biome-ignore format: a list

/** Runs the experiment. Needs `await loadKernels()`. @throws {OptionError} for options out of range. */
export function numberPrediction(options: NumberPredictionOptions = {}): NumberPrediction[] {
  const where = "numberPrediction";
  checkOptions(where, options, known);
  const { cells = standardCells, seed = 0, hiddenSize = 32, steps = 300, signal } = options;
  const maxAttractors = checkInteger(where, "testAttractors", options.testAttractors ?? 4, {
    min: 0,
  });
  const testItems = checkInteger(where, "testItems", options.testItems ?? 1000, { min: 1 });
  const task = numberTask(options.trainAttractors ?? 2);
  const test = agreementItems(testItems, { rng: new Rng(seed + 1), maxAttractors });
  const results = Object.entries(cells).map(([cell, create]) => {
    const rng = new Rng(seed);
    const network = create({ inputSize: task.symbols, hiddenSize, rng: rng.split() });
    const training = { rng: rng.split(), steps };
    const trained = trainReadout(
      network,
      task,
      signal === undefined ? training : { ...training, signal },
    );
    const batch = encodeItems(test);
    const predicted = trained.predict(batch);
    const groups = byGroup(test, (i) => {
      const at = (i + 1) * batch.time - 1; // the last step, where it is asked
      return predicted[at] !== batch.targets[at];
    });
    trained.dispose();
    network.dispose();
    return { cell, groups };
  });
  const lastNoun = byGroup(
    test,
    (i) => isPlural(test[i]!.prefix) !== (test[i]!.number === "plural"),
  );
  return [...results, { cell: "last noun", groups: lastNoun }];
}

function isPlural(prefix: readonly string[]): boolean {
  return (prefix.at(-1) as string).endsWith("s");
}

/** The prefixes of agreement items, asked for the number at their end. */
export function numberTask(maxAttractors: number): SymbolTask {
  checkInteger("numberTask", "maxAttractors", maxAttractors, { min: 0 });
  return {
    symbols: agreementVocabulary().length + 1,
    classes: 2,
    draw: (rng, batchSize) => encodeItems(agreementItems(batchSize, { rng, maxAttractors })),
  };
}

/** Prefixes padded at the front with a symbol of their own, so that all end at the last step. */
function encodeItems(items: readonly AgreementItem[]): SymbolBatch {
  const ids = new Map(agreementVocabulary().map((word, id) => [word, id + 1]));
  const time = Math.max(...items.map(({ prefix }) => prefix.length));
  const batch = {
    ids: new Int32Array(items.length * time),
    targets: new Int32Array(items.length * time).fill(-1),
    batchSize: items.length,
    time,
  };
  for (const [row, { prefix, number }] of items.entries()) {
    const end = (row + 1) * time;
    for (const [k, word] of prefix.entries())
      batch.ids[end - prefix.length + k] = ids.get(word) as number;
    batch.targets[end - 1] = number === "plural" ? 1 : 0;
  }
  return batch;
}
