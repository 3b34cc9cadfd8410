import type { Verdict } from "./types.ts";

/** Counts checks and keeps the first difference. */
export class Checks {
  #passed = 0;
  #total = 0;
  #first: string | undefined;

  /** Counts one case: `difference` is what differs, or `undefined` when nothing does. */
  add(label: string, difference: string | undefined): void {
    this.#total++;
    if (difference === undefined) this.#passed++;
    else this.#first ??= `${label}: ${difference}`;
  }

  /** Counts one case that fails when the callback throws or returns a difference. */
  async run(
    label: string,
    body: () => string | undefined | Promise<string | undefined>,
  ): Promise<void> {
    try {
      this.add(label, await body());
    } catch (error) {
      this.add(label, `threw ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  verdict(): Verdict {
    if (this.#total === 0) return { kind: "unsupported", reason: "holds no cases" };
    if (this.#first === undefined) return { kind: "pass", total: this.#total };
    return { kind: "fail", passed: this.#passed, total: this.#total, first: this.#first };
  }
}

/** The first place where two lists differ, or `undefined`. */
export function differenceOfLists(
  name: string,
  got: ArrayLike<unknown>,
  expected: ArrayLike<unknown>,
): string | undefined {
  const length = Math.max(got.length, expected.length);
  for (let i = 0; i < length; i++) {
    if (got[i] !== expected[i]) {
      return `${name}[${i}] is ${JSON.stringify(got[i])}, expected ${JSON.stringify(expected[i])}`;
    }
  }
  return undefined;
}

/**
 * The first place where numbers differ by more than `relative * max(1, |expected|)`; the strings
 * "NaN", "Infinity", "-Infinity" stand for themselves.
 */
export function differenceOfNumbers(
  name: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number | string>,
  relative: number,
): string | undefined {
  if (got.length !== expected.length) {
    return `${name} has ${got.length} values, expected ${expected.length}`;
  }
  for (let i = 0; i < got.length; i++) {
    const e = Number(expected[i]);
    const g = got[i] as number;
    const same =
      Object.is(g, e) || g === e || Math.abs(g - e) <= relative * Math.max(1, Math.abs(e));
    if (!same) return `${name}[${i}] is ${g}, expected ${e} (tolerance ${relative})`;
  }
  return undefined;
}
