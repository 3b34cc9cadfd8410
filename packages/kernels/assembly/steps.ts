/**
 * One step of a cell for generation: the element-wise part, after plain products have made the sums. Nothing is
 * packed, so a small batch reads its weights once.
 */
import { sigmoid4, tanh4 } from "./math";
import { madd } from "./memory";
import { load4, Part, store4, Whole } from "./vector";

/** sums [rows, 4H] (i, f, g, o before their activations), c [rows, H] -> next c and next h. */
export function lstmPointwise(sums: usize, c: usize, nextC: usize, nextH: usize, rows: i32, size: i32): void {
  const bytes = <usize>size << 2;
  for (let row = 0; row < rows; row++) {
    let j = 0;
    for (; j + 4 <= size; j += 4) lstmFour<Whole>(sums, bytes, c, nextC, nextH, <usize>j << 2, 4);
    if (j < size) lstmFour<Part>(sums, bytes, c, nextC, nextH, <usize>j << 2, size - j);
    sums += bytes << 2;
    c += bytes; nextC += bytes; nextH += bytes;
  }
}

// @ts-ignore: decorator
@inline
function lstmFour<T>(sums: usize, bytes: usize, c: usize, nextC: usize, nextH: usize, x: usize, n: i32): void {
  const i = sigmoid4(load4<T>(sums + x, n)), f = sigmoid4(load4<T>(sums + bytes + x, n));
  const g = tanh4(load4<T>(sums + 2 * bytes + x, n)), o = sigmoid4(load4<T>(sums + 3 * bytes + x, n));
  const cell = madd(f, load4<T>(c + x, n), f32x4.mul(i, g));
  store4<T>(nextC + x, cell, n);
  store4<T>(nextH + x, f32x4.mul(o, tanh4(cell)), n);
}

/** fromX, fromH [rows, 3H] (r, z, n: the input's and the recurrent part), h [rows, H] -> next h. */
export function gruPointwise(fromX: usize, fromH: usize, h: usize, nextH: usize, rows: i32, size: i32): void {
  const bytes = <usize>size << 2;
  for (let row = 0; row < rows; row++) {
    let j = 0;
    for (; j + 4 <= size; j += 4) gruFour<Whole>(fromX, fromH, bytes, h, nextH, <usize>j << 2, 4);
    if (j < size) gruFour<Part>(fromX, fromH, bytes, h, nextH, <usize>j << 2, size - j);
    fromX += 3 * bytes; fromH += 3 * bytes;
    h += bytes; nextH += bytes;
  }
}

// @ts-ignore: decorator
@inline
function gruFour<T>(fromX: usize, fromH: usize, bytes: usize, h: usize, nextH: usize, x: usize, n: i32): void {
  const r = sigmoid4(f32x4.add(load4<T>(fromX + x, n), load4<T>(fromH + x, n)));
  const z = sigmoid4(f32x4.add(load4<T>(fromX + bytes + x, n), load4<T>(fromH + bytes + x, n)));
  const fresh = tanh4(madd(r, load4<T>(fromH + 2 * bytes + x, n), load4<T>(fromX + 2 * bytes + x, n)));
  store4<T>(nextH + x, madd(z, f32x4.sub(load4<T>(h + x, n), fresh), fresh), n);
}

/** In place: 0 tanh, 1 relu, 2 sigmoid, 3 identity. */
export function activate(x: usize, count: i32, activation: i32): void {
  let j = 0;
  for (; j + 4 <= count; j += 4, x += 16) activateFour<Whole>(x, activation, 4);
  if (j < count) activateFour<Part>(x, activation, count - j);
}

// @ts-ignore: decorator
@inline
function activateFour<T>(x: usize, activation: i32, n: i32): void {
  const v = load4<T>(x, n);
  if (activation == 0) store4<T>(x, tanh4(v), n);
  else if (activation == 1) store4<T>(x, f32x4.max(v, f32x4.splat(0)), n);
  else if (activation == 2) store4<T>(x, sigmoid4(v), n);
}
