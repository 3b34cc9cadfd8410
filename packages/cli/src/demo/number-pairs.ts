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

/** How often a number comes in training: small and round ones are few, but the ones that people say. */
function repeats(n: number): number {
  if (n < 100) return 40;
  return n < 1_000 || n % 1_000 === 0 ? 5 : 1;
}

/**
 * Training, development and test pairs of numbers in 0..999,999. No number of one part is in another; dev
 * and test are drawn uniformly, training has all other small and round numbers, several times, and then
 * as many others as are asked for.
 *
 * @example numberPairs({ seed: 1, train: 60_000, dev: 200, test: 1_000 }).test[0]
 * // { source: "one hundred forty-four thousand ...", target: "einhundertvierundvierzigtausend..." }
 */
export function numberPairs(options: {
  readonly seed: number;
  /** At least the number of small and round numbers with their repeats. */
  readonly train: number;
  readonly dev: number;
  readonly test: number;
}): NumberPairs {
  const rng = new Rng(options.seed);
  const heldOut = draw(rng, options.dev + options.test, new Set());
  const common = Array.from({ length: limit }, (_, n) => n).filter(
    (n) => repeats(n) > 1 && !heldOut.has(n),
  );
  const repeated = common.flatMap((n) => new Array<number>(repeats(n)).fill(n));
  const others = draw(rng, options.train - repeated.length, new Set([...heldOut, ...common]));
  const numbers = [...heldOut];
  return {
    test: numbers.slice(0, options.test).map(numberPair),
    dev: numbers.slice(options.test).map(numberPair),
    train: rng.shuffle([...repeated, ...others]).map(numberPair),
  };
}

/** Distinct numbers, none of which is in `taken`. */
function draw(rng: Rng, count: number, taken: ReadonlySet<number>): Set<number> {
  const drawn = new Set<number>();
  while (drawn.size < count) {
    const n = rng.integer(limit);
    if (!taken.has(n)) drawn.add(n);
  }
  return drawn;
}
