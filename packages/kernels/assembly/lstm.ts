/**
 * LSTM over a sequence, forward and backward, for one chunk of rows. See `recurrent.ts` for the plan.
 *
 * Words behind it: 12 gates [N, 4H], 13 cells [N, H], 14 outputs [B, T, P], 15 h0, 16 c0, 17 hT, 18 cT,
 * 19 packed weightHh, 20 packed weightHr or 0, 21 hidden [N, H] before the projection or 0;
 * backward: 22 dOutputs [B, T, P], 23 dhT, 24 dcT, 25 dh0, 26 dc0, 27 dProjected [N, P] or 0.
 */
import { madd } from "./memory";
import { sigmoid4, tanh4 } from "./math";
import { load4, Part, store4, Whole } from "./vector";
import {
  activeRows, backProduct, chunkRows, clearPadding, copyState, firstStep, gateProduct, lastStep, lengthOf,
  paddedBytes, repeatLast, rowAt, tokenOf, word,
} from "./recurrent";

/** Bytes of scratch per thread for `rows` rows. */
export function lstmScratchBytes(rows: i32, size: i32, outSize: i32): i32 {
  const tables = 4 * (rows + 4) * 4;
  const buffer = (rows + 4) * 4 * 32;
  const back = (rows + 1) * <i32>(paddedBytes(outSize) + paddedBytes(size));
  return tables + max(buffer, back) + 64;
}

export function lstmForward(plan: usize, chunk: i32, thread: i32): void {
  const scratch = word(plan, 1) + <usize>thread * word(plan, 2);
  const time = <i32>word(plan, 5), size = <i32>word(plan, 6), outSize = <i32>word(plan, 7);
  const reverse = word(plan, 8) != 0;
  const gates = word(plan, 12), cells = word(plan, 13), outputs = word(plan, 14);
  const packed = word(plan, 19), projection = word(plan, 20), hidden = word(plan, 21);
  const rows = chunkRows(plan, chunk);
  const tableBytes = <usize>(rows + 4) << 2;
  const inputs = scratch, cellTable = inputs + tableBytes, tokenTable = cellTable + tableBytes;
  const resultTable = tokenTable + tableBytes;
  const buffer = (resultTable + tableBytes + 15) & ~15;
  const cellBytes = <usize>size << 2, outBytes = <usize>outSize << 2;
  const longest = lengthOf(plan, rowAt(plan, chunk, 0));

  for (let step = 0; step < longest; step++) {
    const t = reverse ? longest - 1 - step : step;
    const active = activeRows(plan, chunk, rows, t);
    for (let i = 0; i < active; i++) {
      const row = rowAt(plan, chunk, i);
      const at = <usize>i << 2;
      const token = tokenOf(plan, row, t);
      const before = reverse ? 1 : -1;
      const isFirst = t == firstStep(plan, row);
      const place = row * time + t;
      store<u32>(inputs + at, <u32>(isFirst
        ? word(plan, 15) + <usize>row * outBytes
        : outputs + <usize>(place + before) * outBytes));
      store<u32>(cellTable + at, <u32>(isFirst
        ? word(plan, 16) + <usize>row * cellBytes
        : cells + <usize>(token + before) * cellBytes));
      store<u32>(tokenTable + at, token);
      store<u32>(resultTable + at, <u32>(projection != 0
        ? hidden + <usize>token * cellBytes
        : outputs + <usize>place * outBytes));
    }
    repeatLast(inputs, active);
    for (let block = 0; block * 8 < size; block++) {
      gateProduct(inputs, active, outSize, packed, block, 4, buffer);
      for (let i = 0; i < active; i++) {
        const at = <usize>i << 2;
        const x = <usize>block << 5;
        const token = <usize>load<u32>(tokenTable + at);
        units(
          buffer + (<usize>i << 7), gates + (token * cellBytes << 2) + x, cellBytes,
          <usize>load<u32>(cellTable + at) + x, cells + token * cellBytes + x,
          <usize>load<u32>(resultTable + at) + x, size - block * 8,
        );
      }
    }
    if (projection != 0) {
      repeatLast(resultTable, active);
      for (let block = 0; block * 8 < outSize; block++) {
        gateProduct(resultTable, active, size, projection, block, 1, buffer);
        for (let i = 0; i < active; i++) {
          const place = rowAt(plan, chunk, i) * time + t;
          const to = outputs + <usize>place * outBytes + (<usize>block << 5);
          const from = buffer + (<usize>i << 5);
          const width = outSize - block * 8;
          if (width >= 8) {
            v128.store(to, v128.load(from));
            v128.store(to, v128.load(from, 16), 16);
          } else copyState(to, 0, from, width);
        }
      }
    }
  }
  for (let i = 0; i < rows; i++) {
    const row = rowAt(plan, chunk, i);
    const last = lastStep(plan, row);
    copyState(word(plan, 17), row, outputs + <usize>(row * time + last) * outBytes, outSize);
    copyState(word(plan, 18), row, cells + <usize>tokenOf(plan, row, last) * cellBytes, size);
  }
  clearPadding(plan, chunk, rows, outputs);
}

/** Up to 8 units of one row: adds the product to the gates' input part, then the cell. */
export function units(
  product: usize, gates: usize, gateBytes: usize, cellBefore: usize, cell: usize, out: usize, count: i32,
): void {
  if (count >= 8) {
    four<Whole>(product, gates, gateBytes, cellBefore, cell, out, 4);
    four<Whole>(product + 16, gates + 16, gateBytes, cellBefore + 16, cell + 16, out + 16, 4);
    return;
  }
  four<Part>(product, gates, gateBytes, cellBefore, cell, out, min(4, count));
  if (count > 4) {
    four<Part>(product + 16, gates + 16, gateBytes, cellBefore + 16, cell + 16, out + 16, count - 4);
  }
}

// @ts-ignore: decorator
@inline
function four<T>(
  product: usize, gates: usize, gateBytes: usize, cellBefore: usize, cell: usize, out: usize, n: i32,
): void {
  const gatesF = gates + gateBytes, gatesG = gatesF + gateBytes, gatesO = gatesG + gateBytes;
  const i = sigmoid4(f32x4.add(v128.load(product), load4<T>(gates, n)));
  const f = sigmoid4(f32x4.add(v128.load(product, 32), load4<T>(gatesF, n)));
  const g = tanh4(f32x4.add(v128.load(product, 64), load4<T>(gatesG, n)));
  const o = sigmoid4(f32x4.add(v128.load(product, 96), load4<T>(gatesO, n)));
  const c = madd(f, load4<T>(cellBefore, n), f32x4.mul(i, g));
  store4<T>(gates, i, n);
  store4<T>(gatesF, f, n);
  store4<T>(gatesG, g, n);
  store4<T>(gatesO, o, n);
  store4<T>(cell, c, n);
  store4<T>(out, f32x4.mul(o, tanh4(c)), n);
}

/** The gates' values become their gradients, in place. */
export function lstmBackward(plan: usize, chunk: i32, thread: i32): void {
  const scratch = word(plan, 1) + <usize>thread * word(plan, 2);
  const time = <i32>word(plan, 5), size = <i32>word(plan, 6), outSize = <i32>word(plan, 7);
  const reverse = word(plan, 8) != 0;
  const gates = word(plan, 12), cells = word(plan, 13), dOutputs = word(plan, 22);
  const packed = word(plan, 19), projection = word(plan, 20), dProjected = word(plan, 27);
  const rows = chunkRows(plan, chunk);
  const tableBytes = <usize>(rows + 4) << 2;
  const inputs = scratch;
  const projected = inputs + tableBytes;
  const outBytes = <usize>outSize << 2, cellBytes = <usize>size << 2;
  const rowBytes = paddedBytes(outSize), hiddenBytes = paddedBytes(size);
  // dh[row]: what the later step sends back through h; dHidden[row]: the gradient before the projection
  const dh = (projected + tableBytes + 15) & ~15;
  const dHidden = dh + <usize>rows * rowBytes;
  const spare = dHidden + <usize>rows * hiddenBytes;
  const longest = lengthOf(plan, rowAt(plan, chunk, 0));

  for (let i = 0; i < rows; i++) {
    const row = rowAt(plan, chunk, i);
    copyState(dh + <usize>i * rowBytes, 0, word(plan, 23) + <usize>row * outBytes, outSize);
    copyState(word(plan, 26), row, word(plan, 24) + <usize>row * cellBytes, size);
  }
  for (let step = longest - 1; step >= 0; step--) {
    const t = reverse ? longest - 1 - step : step;
    const active = activeRows(plan, chunk, rows, t);
    if (projection != 0) {
      for (let i = 0; i < active; i++) {
        const row = rowAt(plan, chunk, i);
        const to = dProjected + <usize>tokenOf(plan, row, t) * outBytes;
        sum(to, dOutputs + <usize>(row * time + t) * outBytes, dh + <usize>i * rowBytes, outSize);
        store<u32>(projected + (<usize>i << 2), <u32>to);
      }
      repeatLast(projected, active);
      backProduct(projected, active, outSize, size, projection, dHidden, hiddenBytes, spare);
    }
    for (let i = 0; i < active; i++) {
      const row = rowAt(plan, chunk, i);
      const token = tokenOf(plan, row, t);
      const cellBefore = t == firstStep(plan, row)
        ? word(plan, 16) + <usize>row * cellBytes
        : cells + <usize>(token + (reverse ? 1 : -1)) * cellBytes;
      const gate = gates + (<usize>token * cellBytes << 2);
      store<u32>(inputs + (<usize>i << 2), <u32>gate);
      unitsBack(
        gate, cellBytes, cellBefore, cells + <usize>token * cellBytes,
        projection != 0 ? dHidden + <usize>i * hiddenBytes : dOutputs + <usize>(row * time + t) * outBytes,
        projection != 0 ? 0 : dh + <usize>i * rowBytes, word(plan, 26) + <usize>row * cellBytes, size,
      );
    }
    repeatLast(inputs, active);
    backProduct(inputs, active, 4 * size, outSize, packed, dh, rowBytes, spare);
  }
  for (let i = 0; i < rows; i++) {
    copyState(word(plan, 25), rowAt(plan, chunk, i), dh + <usize>i * rowBytes, outSize);
  }
}

function sum(to: usize, a: usize, b: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(to, f32x4.add(v128.load(a), v128.load(b)));
    to += 16; a += 16; b += 16;
  }
  const n = count - i;
  if (n > 0) store4<Part>(to, f32x4.add(load4<Part>(a, n), load4<Part>(b, n)), n);
}

export function unitsBack(
  gates: usize, gateBytes: usize, cellBefore: usize, cell: usize, dOut: usize, dLater: usize, dCell: usize, count: i32,
): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    fourBack<Whole>(gates, gateBytes, cellBefore, cell, dOut, dLater, dCell, 4);
    gates += 16; cellBefore += 16; cell += 16; dOut += 16; dCell += 16;
    if (dLater != 0) dLater += 16;
  }
  if (i < count) fourBack<Part>(gates, gateBytes, cellBefore, cell, dOut, dLater, dCell, count - i);
}

// @ts-ignore: decorator
@inline
function fourBack<T>(
  gates: usize, gateBytes: usize, cellBefore: usize, cell: usize, dOut: usize, dLater: usize, dCell: usize, n: i32,
): void {
  const one = f32x4.splat(1);
  const gatesF = gates + gateBytes, gatesG = gatesF + gateBytes, gatesO = gatesG + gateBytes;
  const i = load4<T>(gates, n), f = load4<T>(gatesF, n), g = load4<T>(gatesG, n), o = load4<T>(gatesO, n);
  const tanhC = tanh4(load4<T>(cell, n));
  let dh = load4<T>(dOut, n);
  if (dLater != 0) dh = f32x4.add(dh, load4<T>(dLater, n));
  const dO = f32x4.mul(f32x4.mul(dh, tanhC), f32x4.mul(o, f32x4.sub(one, o)));
  const dc = madd(
    f32x4.mul(dh, o), f32x4.sub(one, f32x4.mul(tanhC, tanhC)), load4<T>(dCell, n),
  );
  const dF = f32x4.mul(f32x4.mul(dc, load4<T>(cellBefore, n)), f32x4.mul(f, f32x4.sub(one, f)));
  const dI = f32x4.mul(f32x4.mul(dc, g), f32x4.mul(i, f32x4.sub(one, i)));
  const dG = f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(g, g)));
  store4<T>(gates, dI, n);
  store4<T>(gatesF, dF, n);
  store4<T>(gatesG, dG, n);
  store4<T>(gatesO, dO, n);
  store4<T>(dCell, f32x4.mul(dc, f), n);
}
