/**
 * The data of the main job: English number names and their German translations.
 *
 * German says tens and units in the other order and writes compounds as one word ("twenty-one" is
 * "einundzwanzig"), so a translator has to align, reorder and split.
 */
import { Rng } from "@seq/core";
import { toCardinal as german } from "n2words/de-DE";
import { toCardinal as english } from "n2words/en-US";

export interface NumberPair {
  readonly source: string;
  readonly target: string;
}

export interface NumberPairs {
  readonly train: readonly NumberPair[];
  readonly dev: readonly NumberPair[];
  readonly test: readonly NumberPair[];
}

const limit = 1_000_000;

export function numberPair(n: number): NumberPair {
  return {
    source: english(n),
    // n2words 4.0.0 writes "einhunderteinstausend" for 101,000; before "tausend" it is "ein".
    target: german(n).replace("einstausend", "eintausend"),
  };
}

/**
 * Disjoint training, development and test pairs of numbers in 0..999,999, drawn without repetition.
 *
 * @example numberPairs({ seed: 1, train: 2, dev: 0, test: 0 }).train[0]
 * // { source: "five hundred three thousand ...", target: "fünfhundertdreitausend..." }
 */
export function numberPairs(options: {
  readonly seed: number;
  readonly train: number;
  readonly dev: number;
  readonly test: number;
}): NumberPairs {
  const rng = new Rng(options.seed);
  const drawn = new Set<number>();
  while (drawn.size < options.train + options.dev + options.test) drawn.add(rng.integer(limit));
  const pairs = [...drawn].map(numberPair);
  const { test, dev } = options;
  return {
    test: pairs.slice(0, test),
    dev: pairs.slice(test, test + dev),
    train: pairs.slice(test + dev),
  };
}
