import { OptionError } from "./errors.ts";

/**
 * Refuses option keys that nobody reads: a misspelt option must not silently do nothing.
 *
 * @param where - the call, as the message names it: `"trainTokenizer"`.
 * @throws {OptionError} `UNKNOWN_OPTION`, naming the key and the known ones.
 * @example checkOptions("train", { vocabsize: 10 }, ["vocabSize"]) // throws
 */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new OptionError(
        `${where}: unknown option "${key}"; expected one of ${known.join(", ")}.`,
        { code: "UNKNOWN_OPTION", details: { option: key, known } },
      );
    }
  }
}

/**
 * Checks that an option is a whole number within bounds (both inclusive) and returns it.
 *
 * @throws {OptionError} `OPTION_RANGE`
 */
export function checkInteger(
  where: string,
  option: string,
  value: unknown,
  { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = {},
): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
    throw rangeError(where, option, value, `a whole number ${boundsText(min, max)}`);
  }
  return value;
}

/**
 * Checks that an option is a finite number within bounds (both inclusive) and returns it.
 *
 * @throws {OptionError} `OPTION_RANGE`
 */
export function checkNumber(
  where: string,
  option: string,
  value: unknown,
  { min = -Number.MAX_VALUE, max = Number.MAX_VALUE } = {},
): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < min || value > max) {
    throw rangeError(where, option, value, `a finite number ${boundsText(min, max)}`);
  }
  return value;
}

/**
 * Checks that an option is one of a few words and returns it.
 *
 * @throws {OptionError} `OPTION_RANGE`
 */
export function checkOneOf<const T extends string>(
  where: string,
  option: string,
  value: unknown,
  choices: readonly T[],
): T {
  if (typeof value !== "string" || !(choices as readonly string[]).includes(value)) {
    throw rangeError(where, option, value, `one of ${choices.map((c) => `"${c}"`).join(", ")}`);
  }
  return value as T;
}

function rangeError(where: string, option: string, value: unknown, expected: string): OptionError {
  const came = typeof value === "string" ? `"${value}"` : String(value);
  return new OptionError(`${where}: ${option} is ${came}, expected ${expected}.`, {
    code: "OPTION_RANGE",
    details: { option, value },
  });
}

function boundsText(min: number, max: number): string {
  const low = min > -Number.MAX_VALUE && min !== Number.MIN_SAFE_INTEGER;
  const high = max < Number.MAX_VALUE && max !== Number.MAX_SAFE_INTEGER;
  if (low && high) return `from ${min} to ${max}`;
  if (low) return `of at least ${min}`;
  if (high) return `of at most ${max}`;
  return "";
}
