/**
 * Four float32 lanes at a time, also at the end of a row that is no multiple of four.
 *
 * `Whole` and `Part` choose at compile time whether a block holds four values or `count` < 4, so that a
 * kernel writes its formula once: `block<Whole>` in the loop, `block<Part>` after it. A part reads and
 * writes exactly its own bytes; its other lanes are 0.
 */

import { loadPart, storePart } from "./memory";

export class Whole {}
export class Part {}

/** Four values at `at`, or `count` values and zeros. */
// @ts-ignore: decorator
@inline
export function load4<T>(at: usize, count: i32): v128 {
  if (isPart<T>()) return loadPart(at, count);
  return v128.load(at);
}

// @ts-ignore: decorator
@inline
export function store4<T>(at: usize, value: v128, count: i32): void {
  if (isPart<T>()) storePart(at, value, count);
  else v128.store(at, value);
}

// @ts-ignore: decorator
@inline
function isPart<T>(): bool {
  return idof<T>() == idof<Part>();
}

/** The sum of the lanes, always in the order (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline
export function sumOfLanes(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

// @ts-ignore: decorator
@inline
export function maxOfLanes(x: v128): f32 {
  const pairs = f32x4.max(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** The sum of the lanes in float64. */
// @ts-ignore: decorator
@inline
export function sumOfLanes64(x: v128): f64 {
  const pairs = f64x2.add(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 0, 1)));
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
}
