/** Truncation to a length, with the rest as further windows, and padding to a length. */
import { checkInteger, checkOneOf, checkOptions, OptionError } from "@seq/core";
import { emptyEncoding, type MutableEncoding, sliceEncoding } from "./encoding.ts";

export interface Truncation {
  /** Tokens, special ones included. */
  readonly maxLength: number;
  /** Of a pair: shorten the longer first (default), or only one of the two. */
  readonly strategy?: "longest-first" | "only-first" | "only-second";
  /** Tokens that the windows of the overflow share. Default 0. */
  readonly stride?: number;
  /** Which end is cut off. Default `"right"`. */
  readonly direction?: "left" | "right";
  /**
   * `"all"` (default): the overflow holds the whole rest. `"reached"`: only the rest of the word at which
   * `maxLength` tokens were reached, as Hugging Face does, which stops encoding there.
   */
  readonly overflow?: "all" | "reached";
}

export interface Padding {
  /** Pad to so many tokens, or (`"longest"`, the default) to the longest of the batch. */
  readonly length?: number | "longest";
  readonly direction?: "left" | "right";
  /** Round the length up to a multiple of this. */
  readonly multipleOf?: number;
  readonly id?: number;
  readonly typeId?: number;
  /** Default `"[PAD]"`. */
  readonly token?: string;
}

export function checkTruncation(where: string, t: Truncation): void {
  checkOptions(where, t, ["maxLength", "strategy", "stride", "direction", "overflow"]);
  checkOneOf(where, "overflow", t.overflow ?? "all", ["all", "reached"]);
  checkInteger(where, "maxLength", t.maxLength, { min: 0 });
  checkInteger(where, "stride", t.stride ?? 0, { min: 0 });
  checkOneOf(where, "strategy", t.strategy ?? "longest-first", [
    "longest-first", "only-first", "only-second",
  ]); // biome-ignore format: a list
  checkOneOf(where, "direction", t.direction ?? "right", ["left", "right"]);
}

export function checkPadding(where: string, p: Padding): void {
  checkOptions(where, p, ["length", "direction", "multipleOf", "id", "typeId", "token"]);
  if (p.length !== undefined && p.length !== "longest") {
    checkInteger(where, "length", p.length, { min: 0 });
  }
  checkOneOf(where, "direction", p.direction ?? "right", ["left", "right"]);
  checkInteger(where, "multipleOf", p.multipleOf ?? 1, { min: 0 });
  checkInteger(where, "id", p.id ?? 0, { min: 0 });
  checkInteger(where, "typeId", p.typeId ?? 0, { min: 0, max: 255 });
}

/**
 * Shortens one or two encodings to `maxLength` in all; what is cut off goes to `overflowing`.
 *
 * @throws {OptionError} `TRUNCATION` when the stride leaves no progress, or when the one text to be cut
 * is too short.
 */
export function truncate(
  first: MutableEncoding,
  second: MutableEncoding | undefined,
  maxLength: number,
  { strategy = "longest-first", stride = 0, direction = "right" }: Truncation,
): void {
  const total = first.ids.length + (second?.ids.length ?? 0);
  if (total <= maxLength) return;
  if (maxLength <= 0) {
    truncateOne(first, 0, stride, direction);
    if (second !== undefined) truncateOne(second, 0, stride, direction);
    return;
  }
  if (strategy === "longest-first") {
    if (second === undefined) {
      truncateOne(first, maxLength, stride, direction);
      return;
    }
    const [a, b] = shares(first.ids.length, second.ids.length, maxLength);
    truncateOne(first, a, stride, direction);
    truncateOne(second, b, stride, direction);
    return;
  }
  const target = strategy === "only-first" ? first : second;
  const remove = total - maxLength;
  if (target === undefined || target.ids.length <= remove) {
    throw new OptionError(
      `truncation: strategy "${strategy}" cannot remove ${remove} tokens from a text of ${target?.ids.length ?? 0}; use "longest-first" or a greater maxLength.`,
      { code: "TRUNCATION", details: { strategy, remove } },
    );
  }
  truncateOne(target, target.ids.length - remove, stride, direction);
}

/**
 * Drops the words beyond the one at which `maxLength` tokens are reached (counted from the side that is
 * kept), see `Truncation.overflow`.
 */
export function stopWhenReached(
  e: MutableEncoding,
  sequence: number,
  truncation: Truncation,
): void {
  const { maxLength, strategy, direction = "right", overflow } = truncation;
  const count = e.ids.length;
  if (overflow !== "reached" || count <= maxLength || maxLength === 0) return;
  if (strategy === "only-second" && sequence === 0) return;
  if (direction === "right") {
    const word = e.wordIds[maxLength - 1] as number;
    const end = e.wordIds.findIndex((id) => id > word);
    if (end > 0) Object.assign(e, sliceEncoding(e, 0, end));
    return;
  }
  const word = e.wordIds[count - maxLength] as number;
  Object.assign(e, sliceEncoding(e, e.wordIds.indexOf(word), count));
  e.wordIds = e.wordIds.map((id) => id - word);
}

/** How two texts share a length: the shorter keeps all it can, the longer gets the rest. */
function shares(first: number, second: number, maxLength: number): [number, number] {
  let less = Math.min(first, second);
  let more = less > maxLength ? less : Math.max(less, maxLength - less);
  if (less + more > maxLength) {
    less = Math.floor(maxLength / 2);
    more = less + (maxLength % 2);
  }
  return first > second ? [more, less] : [less, more];
}

function truncateOne(
  e: MutableEncoding,
  maxLength: number,
  stride: number,
  direction: "left" | "right",
): void {
  const length = e.ids.length;
  if (maxLength >= length) return;
  if (maxLength === 0) {
    const whole = sliceEncoding(e, 0, length);
    Object.assign(e, emptyEncoding());
    e.overflowing = [whole];
    return;
  }
  if (stride >= maxLength) {
    throw new OptionError(
      `truncation: stride is ${stride}, expected less than the ${maxLength} tokens left beside the special ones.`,
      { code: "TRUNCATION", details: { stride, maxLength } },
    );
  }
  const [kept, ...rest] = windows(length, maxLength, maxLength - stride, direction);
  const overflowing = rest.map(([begin, end]) => sliceEncoding(e, begin, end));
  Object.assign(e, sliceEncoding(e, (kept as Range)[0], (kept as Range)[1]));
  e.overflowing = overflowing;
}

type Range = readonly [begin: number, end: number];

function windows(length: number, size: number, step: number, direction: string): Range[] {
  const ranges: Range[] = [];
  if (direction === "right") {
    for (let begin = 0; ; begin += step) {
      const end = Math.min(begin + size, length);
      ranges.push([begin, end]);
      if (end === length) return ranges;
    }
  }
  for (let end = length; ; end -= step) {
    const begin = Math.max(0, end - size);
    ranges.push([begin, end]);
    if (begin === 0) return ranges;
  }
}

/** Pads encodings, and their overflow, to one length; longer ones stay as they are. */
export function pad(encodings: readonly MutableEncoding[], padding: Padding): void {
  const { length = "longest", multipleOf = 1 } = padding;
  let target = length === "longest" ? Math.max(0, ...encodings.map((e) => e.ids.length)) : length;
  if (multipleOf > 0) target = Math.ceil(target / multipleOf) * multipleOf;
  for (const encoding of encodings) padOne(encoding, target, padding);
}

function padOne(e: MutableEncoding, target: number, padding: Padding): void {
  for (const window of e.overflowing) padOne(window, target, padding);
  const missing = target - e.ids.length;
  if (missing <= 0) return;
  const { direction = "right", id = 0, typeId = 0, token = "[PAD]" } = padding;
  const extend = <T>(list: T[], value: T, times = missing): void => {
    const filler = new Array<T>(times).fill(value);
    if (direction === "right") for (const item of filler) list.push(item);
    else list.unshift(...filler);
  };
  extend(e.ids, id);
  extend(e.tokens, token);
  extend(e.offsets, 0, missing * 2);
  extend(e.typeIds, typeId);
  extend(e.wordIds, -1);
  extend(e.sequenceIds, -1);
  extend(e.specialTokensMask, 1);
  extend(e.attentionMask, 0);
}
