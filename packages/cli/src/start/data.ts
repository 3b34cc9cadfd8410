/** Where the pairs of `seq start` come from. */
import { OptionError } from "@seq/core";
import type { TextPair } from "@seq/train";
import { readPairs, readParallel } from "@seq/train/node";
import { numberPairs } from "../demo/number-pairs.ts";

export interface DataOptions {
  readonly pairs?: string;
  readonly source?: string;
  readonly target?: string;
  readonly devSource?: string;
  readonly devTarget?: string;
  readonly testSource?: string;
  readonly testTarget?: string;
  readonly seed: number;
}

export interface StartData {
  /** `"numbers"` for the built-in job, `"translate"` for the user's text. */
  readonly job: "numbers" | "translate";
  readonly train: readonly TextPair[];
  readonly dev: readonly TextPair[];
  readonly test: readonly TextPair[];
}

/**
 * The user's files, or else number names. Without files of their own, dev and test are taken from the
 * end of the training pairs.
 *
 * @throws {OptionError} `OPTION_PAIR` for half a pair of options.
 */
export async function loadStartData(options: DataOptions): Promise<StartData> {
  checkTogether(options, "source", "target");
  checkTogether(options, "devSource", "devTarget");
  checkTogether(options, "testSource", "testTarget");
  if (options.pairs !== undefined && options.source !== undefined) {
    throw new OptionError("--pairs and --source cannot both be given; choose one.", {
      code: "OPTION_PAIR",
    });
  }
  const train = await readTraining(options);
  if (train === undefined) {
    const sizes = { train: 60_000, dev: 200, test: 1_000 };
    return { job: "numbers", ...numberPairs({ seed: options.seed, ...sizes }) };
  }
  const dev = await readBoth(options.devSource, options.devTarget);
  const test = await readBoth(options.testSource, options.testTarget);
  return splitHeldOut(train, dev, test);
}

async function readTraining(options: DataOptions): Promise<readonly TextPair[] | undefined> {
  if (options.pairs !== undefined) return await readPairs(options.pairs);
  return await readBoth(options.source, options.target);
}

async function readBoth(
  source: string | undefined,
  target: string | undefined,
): Promise<readonly TextPair[] | undefined> {
  if (source === undefined || target === undefined) return undefined;
  return await readParallel(source, target);
}

/** What has no file of its own is cut from the end of the training pairs: a tenth, at most 500 each. */
function splitHeldOut(
  pairs: readonly TextPair[],
  dev: readonly TextPair[] | undefined,
  test: readonly TextPair[] | undefined,
): StartData {
  const share = Math.min(500, Math.floor(pairs.length / 10));
  const testSize = test === undefined && dev === undefined ? share : 0;
  const devSize = dev === undefined ? share : 0;
  const train = pairs.slice(0, pairs.length - testSize - devSize);
  const heldOutDev = dev ?? pairs.slice(train.length, train.length + devSize);
  const heldOutTest = test ?? (testSize > 0 ? pairs.slice(pairs.length - testSize) : heldOutDev);
  return { job: "translate", train, dev: heldOutDev, test: heldOutTest };
}

function checkTogether(options: DataOptions, one: keyof DataOptions, other: keyof DataOptions) {
  if ((options[one] === undefined) === (options[other] === undefined)) return;
  const flag = (name: string) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
  const [given, missing] = options[one] === undefined ? [other, one] : [one, other];
  throw new OptionError(`${flag(given)} was given without ${flag(missing)}; give both.`, {
    code: "OPTION_PAIR",
  });
}
