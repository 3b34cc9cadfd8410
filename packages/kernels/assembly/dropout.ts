/**
 * Dropout whose mask is a function of a key and the element's number: the same for every split over threads
 * and on every backend (`src/reference/dropout.ts` computes the same bits), and backward needs no stored mask.
 */
import { load4, Part, store4, Whole } from "./vector";

/**
 * 32 random bits for each element number: a keyed counter through three rounds of multiply and xorshift.
 * The second key enters between the rounds, so that streams of different keys are not shifts of each other.
 */
// @ts-ignore: decorator
@inline
function hash4(number: v128, key0: i32, key1: i32): v128 {
  let h = i32x4.add(i32x4.mul(number, i32x4.splat(0x9e3779b1)), i32x4.splat(key0));
  h = v128.xor(h, i32x4.shr_u(h, 16));
  h = i32x4.mul(h, i32x4.splat(0x21f0aaad));
  h = v128.xor(v128.xor(h, i32x4.shr_u(h, 15)), i32x4.splat(key1));
  h = i32x4.mul(h, i32x4.splat(0x735a2d97));
  h = v128.xor(h, i32x4.shr_u(h, 15));
  h = i32x4.mul(h, i32x4.splat(0x846ca68b));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/**
 * out = x scale where the element's bits are below `keep` (unsigned), else 0, for elements [from, to);
 * `from` is a multiple of 4. 0 also where x is not finite.
 */
export function dropout(
  x: usize, out: usize, key0: i32, key1: i32, keep: i32, scale: f32, from: i32, to: i32,
): void {
  let i = from;
  for (const whole = to - 3; i < whole; i += 4) block<Whole>(x, out, i, 4, key0, key1, keep, scale);
  if (i < to) block<Part>(x, out, i, to - i, key0, key1, keep, scale);
}

// @ts-ignore: decorator
@inline
function block<T>(x: usize, out: usize, i: i32, n: i32, key0: i32, key1: i32, keep: i32, scale: f32): void {
  const at = <usize>i << 2;
  const bits = hash4(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), key0, key1);
  const kept = i32x4.lt_u(bits, i32x4.splat(keep));
  store4<T>(out + at, v128.and(f32x4.mul(load4<T>(x + at, n), f32x4.splat(scale)), kept), n);
}
