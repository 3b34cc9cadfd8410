/**
 * A simple recurrent layer over a sequence, forward and backward, for one chunk of rows. See `recurrent.ts`
 * for the plan (P = H).
 *
 * Words behind it: 12 gates [N, H]: in, the input's part of the pre-activations; out of backward, their
 * gradients; 13 activation (0 tanh, 1 relu, 2 sigmoid, 3 identity), 14 outputs [B, T, H], 15 h0, 17 hT,
 * 19 packed weightHh; backward: 19 packed back weights, 22 dOutputs, 23 dhT, 25 dh0.
 */
import { sigmoid4, tanh4 } from "./math";
import { load4, Part, store4, Whole } from "./vector";
import {
  activeRows, backProduct, chunkRows, clearPadding, copyState, firstStep, gateProduct, lastStep, lengthOf,
  paddedBytes, repeatLast, rowAt, tokenOf, word,
} from "./recurrent";

/** Bytes of scratch per thread for `rows` rows. */
export function elmanScratchBytes(rows: i32, size: i32): i32 {
  const tables = 3 * (rows + 4) * 4;
  const buffer = (rows + 4) * 32;
  const back = (rows + 1) * <i32>paddedBytes(size);
  return tables + max(buffer, back) + 64;
}

export function elmanForward(plan: usize, chunk: i32, thread: i32): void {
  const scratch = word(plan, 1) + <usize>thread * word(plan, 2);
  const time = <i32>word(plan, 5), size = <i32>word(plan, 6);
  const reverse = word(plan, 8) != 0;
  const gates = word(plan, 12), outputs = word(plan, 14);
  const activation = <i32>word(plan, 13);
  const rows = chunkRows(plan, chunk);
  const tableBytes = <usize>(rows + 4) << 2;
  const inputs = scratch, gateTable = inputs + tableBytes, outTable = gateTable + tableBytes;
  const buffer = (outTable + tableBytes + 15) & ~15;
  const bytes = <usize>size << 2;
  const longest = lengthOf(plan, rowAt(plan, chunk, 0));

  for (let step = 0; step < longest; step++) {
    const t = reverse ? longest - 1 - step : step;
    const active = activeRows(plan, chunk, rows, t);
    for (let i = 0; i < active; i++) {
      const row = rowAt(plan, chunk, i);
      const at = <usize>i << 2;
      const place = row * time + t;
      store<u32>(inputs + at, <u32>(t == firstStep(plan, row)
        ? word(plan, 15) + <usize>row * bytes
        : outputs + <usize>(place + (reverse ? 1 : -1)) * bytes));
      store<u32>(gateTable + at, <u32>(gates + <usize>tokenOf(plan, row, t) * bytes));
      store<u32>(outTable + at, <u32>(outputs + <usize>place * bytes));
    }
    repeatLast(inputs, active);
    for (let block = 0; block * 8 < size; block++) {
      gateProduct(inputs, active, size, word(plan, 19), block, 1, buffer);
      const x = <usize>block << 5;
      const count = min(8, size - block * 8);
      for (let i = 0; i < active; i++) {
        const gate = <usize>load<u32>(gateTable + (<usize>i << 2)) + x;
        const out = <usize>load<u32>(outTable + (<usize>i << 2)) + x;
        const product = buffer + (<usize>i << 5);
        for (let j = 0; j < count; j += 4) {
          const y = <usize>j << 2;
          if (count - j >= 4) unit<Whole>(product + y, gate + y, out + y, activation, 4);
          else unit<Part>(product + y, gate + y, out + y, activation, count - j);
        }
      }
    }
  }
  for (let i = 0; i < rows; i++) {
    const row = rowAt(plan, chunk, i);
    copyState(word(plan, 17), row, outputs + <usize>(row * time + lastStep(plan, row)) * bytes, size);
  }
  clearPadding(plan, chunk, rows, outputs);
}

// @ts-ignore: decorator
@inline
function unit<T>(product: usize, gate: usize, out: usize, activation: i32, n: i32): void {
  const sum = f32x4.add(v128.load(product), load4<T>(gate, n));
  let h = sum;
  if (activation == 0) h = tanh4(sum);
  else if (activation == 1) h = f32x4.max(sum, f32x4.splat(0));
  else if (activation == 2) h = sigmoid4(sum);
  store4<T>(out, h, n);
}

export function elmanBackward(plan: usize, chunk: i32, thread: i32): void {
  const scratch = word(plan, 1) + <usize>thread * word(plan, 2);
  const time = <i32>word(plan, 5), size = <i32>word(plan, 6);
  const reverse = word(plan, 8) != 0;
  const gates = word(plan, 12), outputs = word(plan, 14), dOutputs = word(plan, 22);
  const activation = <i32>word(plan, 13);
  const rows = chunkRows(plan, chunk);
  const inputs = scratch;
  const bytes = <usize>size << 2, rowBytes = paddedBytes(size);
  const dh = (inputs + (<usize>(rows + 4) << 2) + 15) & ~15;
  const spare = dh + <usize>rows * rowBytes;
  const longest = lengthOf(plan, rowAt(plan, chunk, 0));

  for (let i = 0; i < rows; i++) {
    const row = rowAt(plan, chunk, i);
    copyState(dh + <usize>i * rowBytes, 0, word(plan, 23) + <usize>row * bytes, size);
  }
  for (let step = longest - 1; step >= 0; step--) {
    const t = reverse ? longest - 1 - step : step;
    const active = activeRows(plan, chunk, rows, t);
    for (let i = 0; i < active; i++) {
      const row = rowAt(plan, chunk, i);
      const place = <usize>(row * time + t) * bytes;
      const gate = gates + <usize>tokenOf(plan, row, t) * bytes;
      store<u32>(inputs + (<usize>i << 2), <u32>gate);
      unitsBack(gate, outputs + place, dOutputs + place, dh + <usize>i * rowBytes, activation, size);
    }
    repeatLast(inputs, active);
    backProduct(inputs, active, size, size, word(plan, 19), dh, rowBytes, spare);
  }
  for (let i = 0; i < rows; i++) {
    copyState(word(plan, 25), rowAt(plan, chunk, i), dh + <usize>i * rowBytes, size);
  }
}

function unitsBack(gate: usize, out: usize, dOut: usize, dLater: usize, activation: i32, count: i32): void {
  let j = 0;
  for (; j + 4 <= count; j += 4) {
    unitBack<Whole>(gate, out, dOut, dLater, activation, 4);
    gate += 16; out += 16; dOut += 16; dLater += 16;
  }
  if (j < count) unitBack<Part>(gate, out, dOut, dLater, activation, count - j);
}

// @ts-ignore: decorator
@inline
function unitBack<T>(gate: usize, out: usize, dOut: usize, dLater: usize, activation: i32, n: i32): void {
  const one = f32x4.splat(1);
  const h = load4<T>(out, n);
  let d = f32x4.add(load4<T>(dOut, n), load4<T>(dLater, n));
  if (activation == 0) d = f32x4.mul(d, f32x4.sub(one, f32x4.mul(h, h)));
  else if (activation == 1) d = v128.and(d, f32x4.gt(h, f32x4.splat(0)));
  else if (activation == 2) d = f32x4.mul(d, f32x4.mul(h, f32x4.sub(one, h)));
  store4<T>(gate, d, n);
}
