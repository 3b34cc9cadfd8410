/**
 * The error classes of all packages.
 *
 * Few classes, each for a decision a caller makes. A message is one line: where, what was expected,
 * what came, the remedy. `code` is stable and meant for programs; `message` is meant for people.
 */

const marker = Symbol.for("@seq/error");

export interface SeqErrorOptions {
  /** A stable upper-case code such as `"SHAPE_MISMATCH"`. */
  readonly code: string;
  /** The values the message speaks of, for programs. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The base of all errors that the packages throw on purpose. */
export class SeqError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, { code, details = {}, cause }: SeqErrorOptions) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
    this.details = details;
    Object.defineProperty(this, marker, { value: true });
  }

  /**
   * True for an error of ours, also when two copies of `@seq/core` are installed
   * (where `instanceof` would be false).
   */
  static is(value: unknown): value is SeqError {
    return typeof value === "object" && value !== null && marker in value;
  }
}

/** A tensor or array has the wrong rank, size or length. */
export class ShapeError extends SeqError {}

/** An option is unknown, missing, out of range, or contradicts another. */
export class OptionError extends SeqError {}

/** A token or id is not in the vocabulary. */
export class VocabularyError extends SeqError {}

/** A file or buffer does not hold what its format promises. Says where: file, line or byte. */
export class FormatError extends SeqError {}

/** The tensor engine or a kernel cannot run: not started, no SIMD, heap exhausted. */
export class KernelError extends SeqError {}
