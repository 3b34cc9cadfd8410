/** Parsers of option values; commander prints what they throw as one line. */
import { type Command, InvalidArgumentError } from "commander";

/** A whole number of at least `min`. */
export function integer(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${min}.`);
    }
    return value;
  };
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError("Expected a number above 0.");
  }
  return value;
}

/** How long a training may last. */
export interface LimitFlags {
  readonly steps?: number;
  readonly minutes?: number;
  readonly seed: number;
}

export function withLimits(command: Command): Command {
  return command
    .option("--steps <n>", "training steps", integer(1))
    .option("--minutes <n>", "stop training after so many minutes", positiveNumber)
    .option("--seed <n>", "seed of everything random", integer(0), 1);
}

/** Only what was given: an absent limit is left to the pipeline's defaults. */
export function givenLimits({ steps, minutes, seed }: LimitFlags): LimitFlags {
  return { seed, ...(steps !== undefined && { steps }), ...(minutes !== undefined && { minutes }) };
}
