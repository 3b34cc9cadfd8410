/**
 * GRU over a sequence, forward and backward, for one chunk of rows. See `recurrent.ts` for the plan (P = H).
 *
 * Words behind it: 12 gates [N, 4H], 13 reset before the product, 14 outputs [B, T, H], 15 h0, 16 bias of the
 * recurrent part of n [H] or 0, 17 hT, 19 packed weightHh: "after": all three gates; "before": r and z,
 * 20 "before": packed n;
 * backward: 19 packed back weights ("after": all, "before": r and z), 20 "before": n, 22 dOutputs, 23 dhT,
 * 25 dh0.
 *
 * A token's 4H gates are r, z, q, n where "after": q = Un h + bn'; "before": q = r h. In: the input's part of
 * r, z, n. Out of forward: their values and q. Out of backward: the gradients before the non-linearities, and
 * "after": that of q; "before": q itself, which its weights' gradient needs.
 */
import { madd } from "./memory";
import { sigmoid4, tanh4 } from "./math";
import { load4, Part, store4, Whole } from "./vector";
import {
  activeRows, backProduct, chunkRows, clearPadding, copyState, firstStep, gateProduct, lastStep, lengthOf,
  paddedBytes, repeatLast, rowAt, tokenOf, word,
} from "./recurrent";

/** Bytes of scratch per thread for `rows` rows. */
export function gruScratchBytes(rows: i32, size: i32): i32 {
  const tables = 4 * (rows + 4) * 4;
  const buffer = (rows + 4) * 3 * 32;
  const back = (2 * rows + 1) * <i32>paddedBytes(size);
  return tables + max(buffer, back) + 64;
}

export function gruForward(plan: usize, chunk: i32, thread: i32): void {
  const scratch = word(plan, 1) + <usize>thread * word(plan, 2);
  const time = <i32>word(plan, 5), size = <i32>word(plan, 6);
  const reverse = word(plan, 8) != 0, before = word(plan, 13) != 0;
  const gates = word(plan, 12), outputs = word(plan, 14), bias = word(plan, 16);
  const rows = chunkRows(plan, chunk);
  const tableBytes = <usize>(rows + 4) << 2;
  const inputs = scratch, gateTable = inputs + tableBytes, outTable = gateTable + tableBytes;
  const resetTable = outTable + tableBytes;
  const buffer = (resetTable + tableBytes + 15) & ~15;
  const bytes = <usize>size << 2;
  const longest = lengthOf(plan, rowAt(plan, chunk, 0));

  for (let step = 0; step < longest; step++) {
    const t = reverse ? longest - 1 - step : step;
    const active = activeRows(plan, chunk, rows, t);
    for (let i = 0; i < active; i++) {
      const row = rowAt(plan, chunk, i);
      const at = <usize>i << 2;
      const place = row * time + t;
      const gate = gates + (<usize>tokenOf(plan, row, t) * bytes << 2);
      store<u32>(inputs + at, <u32>(t == firstStep(plan, row)
        ? word(plan, 15) + <usize>row * bytes
        : outputs + <usize>(place + (reverse ? 1 : -1)) * bytes));
      store<u32>(gateTable + at, <u32>gate);
      store<u32>(outTable + at, <u32>(outputs + <usize>place * bytes));
      store<u32>(resetTable + at, <u32>(gate + 2 * bytes));
    }
    repeatLast(inputs, active);
    for (let block = 0; block * 8 < size; block++) {
      gateProduct(inputs, active, size, word(plan, 19), block, before ? 2 : 3, buffer);
      const x = <usize>block << 5;
      const count = min(8, size - block * 8);
      for (let i = 0; i < active; i++) {
        const at = <usize>i << 2;
        const gate = <usize>load<u32>(gateTable + at) + x;
        const h = <usize>load<u32>(inputs + at) + x;
        const out = <usize>load<u32>(outTable + at) + x;
        const product = buffer + <usize>i * (before ? 64 : 96);
        for (let j = 0; j < count; j += 4) {
          const y = <usize>j << 2;
          if (before) {
            if (count - j >= 4) gatesBefore<Whole>(product + y, gate + y, bytes, h + y, 4);
            else gatesBefore<Part>(product + y, gate + y, bytes, h + y, count - j);
          } else {
            const shift = bias == 0 ? 0 : bias + x + y;
            if (count - j >= 4) after<Whole>(product + y, gate + y, bytes, h + y, out + y, shift, 4);
            else after<Part>(product + y, gate + y, bytes, h + y, out + y, shift, count - j);
          }
        }
      }
    }
    if (!before) continue;
    repeatLast(resetTable, active);
    for (let block = 0; block * 8 < size; block++) {
      gateProduct(resetTable, active, size, word(plan, 20), block, 1, buffer);
      const x = <usize>block << 5;
      const count = min(8, size - block * 8);
      for (let i = 0; i < active; i++) {
        const at = <usize>i << 2;
        const gate = <usize>load<u32>(gateTable + at) + x;
        const h = <usize>load<u32>(inputs + at) + x;
        const out = <usize>load<u32>(outTable + at) + x;
        const product = buffer + (<usize>i << 5);
        for (let j = 0; j < count; j += 4) {
          const y = <usize>j << 2;
          const shift = bias == 0 ? 0 : bias + x + y;
          if (count - j >= 4) newBefore<Whole>(product + y, gate + y, bytes, h + y, out + y, shift, 4);
          else newBefore<Part>(product + y, gate + y, bytes, h + y, out + y, shift, count - j);
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
function after<T>(product: usize, gate: usize, bytes: usize, h: usize, out: usize, bias: usize, n: i32): void {
  const gateZ = gate + bytes, gateQ = gateZ + bytes, gateN = gateQ + bytes;
  const r = sigmoid4(f32x4.add(v128.load(product), load4<T>(gate, n)));
  const z = sigmoid4(f32x4.add(v128.load(product, 32), load4<T>(gateZ, n)));
  let q = v128.load(product, 64);
  if (bias != 0) q = f32x4.add(q, load4<T>(bias, n));
  const fresh = tanh4(madd(r, q, load4<T>(gateN, n)));
  store4<T>(gate, r, n);
  store4<T>(gateZ, z, n);
  store4<T>(gateN, fresh, n);
  store4<T>(gateQ, q, n);
  store4<T>(out, madd(z, f32x4.sub(load4<T>(h, n), fresh), fresh), n);
}

// @ts-ignore: decorator
@inline
function gatesBefore<T>(product: usize, gate: usize, bytes: usize, h: usize, n: i32): void {
  const r = sigmoid4(f32x4.add(v128.load(product), load4<T>(gate, n)));
  const z = sigmoid4(f32x4.add(v128.load(product, 32), load4<T>(gate + bytes, n)));
  store4<T>(gate, r, n);
  store4<T>(gate + bytes, z, n);
  store4<T>(gate + 2 * bytes, f32x4.mul(r, load4<T>(h, n)), n);
}

// @ts-ignore: decorator
@inline
function newBefore<T>(product: usize, gate: usize, bytes: usize, h: usize, out: usize, bias: usize, n: i32): void {
  let sum = f32x4.add(v128.load(product), load4<T>(gate + 3 * bytes, n));
  if (bias != 0) sum = f32x4.add(sum, load4<T>(bias, n));
  const fresh = tanh4(sum);
  const z = load4<T>(gate + bytes, n);
  store4<T>(gate + 3 * bytes, fresh, n);
  store4<T>(out, madd(z, f32x4.sub(load4<T>(h, n), fresh), fresh), n);
}

export function gruBackward(plan: usize, chunk: i32, thread: i32): void {
  const scratch = word(plan, 1) + <usize>thread * word(plan, 2);
  const time = <i32>word(plan, 5), size = <i32>word(plan, 6);
  const reverse = word(plan, 8) != 0, before = word(plan, 13) != 0;
  const gates = word(plan, 12), outputs = word(plan, 14), dOutputs = word(plan, 22);
  const dh0 = word(plan, 25);
  const rows = chunkRows(plan, chunk);
  const tableBytes = <usize>(rows + 4) << 2;
  const inputs = scratch, newTable = inputs + tableBytes;
  const bytes = <usize>size << 2, rowBytes = paddedBytes(size);
  const product = (newTable + tableBytes + 15) & ~15;
  const dReset = product + <usize>rows * rowBytes;
  const spare = dReset + <usize>rows * rowBytes;
  const longest = lengthOf(plan, rowAt(plan, chunk, 0));

  // dh0 collects, for each row, the gradient that reaches h of the step before the one that is done
  for (let i = 0; i < rows; i++) {
    const row = rowAt(plan, chunk, i);
    copyState(dh0, row, word(plan, 23) + <usize>row * bytes, size);
  }
  for (let step = longest - 1; step >= 0; step--) {
    const t = reverse ? longest - 1 - step : step;
    const active = activeRows(plan, chunk, rows, t);
    for (let i = 0; i < active; i++) {
      const row = rowAt(plan, chunk, i);
      const place = row * time + t;
      const gate = gates + (<usize>tokenOf(plan, row, t) * bytes << 2);
      const h = t == firstStep(plan, row)
        ? word(plan, 15) + <usize>row * bytes
        : outputs + <usize>(place + (reverse ? 1 : -1)) * bytes;
      store<u32>(inputs + (<usize>i << 2), <u32>gate);
      store<u32>(newTable + (<usize>i << 2), <u32>(gate + 3 * bytes));
      gatesBack(gate, bytes, h, dOutputs + <usize>place * bytes, dh0 + <usize>row * bytes, size, before);
    }
    repeatLast(inputs, active);
    if (before) {
      repeatLast(newTable, active);
      backProduct(newTable, active, size, size, word(plan, 20), dReset, rowBytes, spare);
      for (let i = 0; i < active; i++) {
        const row = rowAt(plan, chunk, i);
        const gate = <usize>load<u32>(inputs + (<usize>i << 2));
        const h = t == firstStep(plan, row)
          ? word(plan, 15) + <usize>row * bytes
          : outputs + <usize>(row * time + t + (reverse ? 1 : -1)) * bytes;
        resetBack(gate, dReset + <usize>i * rowBytes, h, dh0 + <usize>row * bytes, size);
      }
      backProduct(inputs, active, 2 * size, size, word(plan, 19), product, rowBytes, spare);
    } else {
      backProduct(inputs, active, 3 * size, size, word(plan, 19), product, rowBytes, spare);
    }
    for (let i = 0; i < active; i++) {
      const row = rowAt(plan, chunk, i);
      addTo(dh0 + <usize>row * bytes, product + <usize>i * rowBytes, size);
    }
  }
}

function gatesBack(gate: usize, bytes: usize, h: usize, dOut: usize, dLater: usize, count: i32, before: bool): void {
  let j = 0;
  for (; j + 4 <= count; j += 4) {
    fourBack<Whole>(gate, bytes, h, dOut, dLater, before, 4);
    gate += 16; h += 16; dOut += 16; dLater += 16;
  }
  if (j < count) fourBack<Part>(gate, bytes, h, dOut, dLater, before, count - j);
}

/** r, z, n, q become dr, dz, dn, dq; before the product r and q stay, and dr follows in `resetBack`. */
// @ts-ignore: decorator
@inline
function fourBack<T>(gate: usize, bytes: usize, h: usize, dOut: usize, dLater: usize, before: bool, n: i32): void {
  const one = f32x4.splat(1);
  const gateZ = gate + bytes, gateQ = gateZ + bytes, gateN = gateQ + bytes;
  const r = load4<T>(gate, n), z = load4<T>(gateZ, n), fresh = load4<T>(gateN, n);
  const dh = f32x4.add(load4<T>(dOut, n), load4<T>(dLater, n));
  const dZ = f32x4.mul(f32x4.mul(dh, f32x4.sub(load4<T>(h, n), fresh)), f32x4.mul(z, f32x4.sub(one, z)));
  const dN = f32x4.mul(
    f32x4.mul(dh, f32x4.sub(one, z)), f32x4.sub(one, f32x4.mul(fresh, fresh)),
  );
  if (!before) {
    const q = load4<T>(gateQ, n);
    store4<T>(gate, f32x4.mul(f32x4.mul(dN, q), f32x4.mul(r, f32x4.sub(one, r))), n);
    store4<T>(gateQ, f32x4.mul(dN, r), n);
  }
  store4<T>(gateZ, dZ, n);
  store4<T>(gateN, dN, n);
  store4<T>(dLater, f32x4.mul(dh, z), n);
}

/** dr = d(r h) h r (1 - r), and what r h sends back to h. */
function resetBack(gate: usize, dReset: usize, h: usize, dLater: usize, count: i32): void {
  let j = 0;
  for (; j + 4 <= count; j += 4) {
    resetFour<Whole>(gate, dReset, h, dLater, 4);
    gate += 16; dReset += 16; h += 16; dLater += 16;
  }
  if (j < count) resetFour<Part>(gate, dReset, h, dLater, count - j);
}

// @ts-ignore: decorator
@inline
function resetFour<T>(gate: usize, dReset: usize, h: usize, dLater: usize, n: i32): void {
  const r = load4<T>(gate, n), d = load4<T>(dReset, n);
  store4<T>(dLater, madd(d, r, load4<T>(dLater, n)), n);
  store4<T>(
    gate, f32x4.mul(f32x4.mul(d, load4<T>(h, n)), f32x4.mul(r, f32x4.sub(f32x4.splat(1), r))), n,
  );
}

function addTo(to: usize, from: usize, count: i32): void {
  let j = 0;
  for (; j + 4 <= count; j += 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16; from += 16;
  }
  const n = count - j;
  if (n > 0) store4<Part>(to, f32x4.add(load4<Part>(to, n), load4<Part>(from, n)), n);
}
