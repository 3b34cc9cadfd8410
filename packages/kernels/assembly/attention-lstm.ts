/**
 * An attention decoder over a sequence, forward and backward, for one chunk of rows: at each step the previous
 * h asks the encoder's states, their mean joins the input, an LSTM steps. See `recurrent.ts` for the plan
 * (P = H; no lengths: every row takes all T steps).
 *
 * Words behind it: 12 gates [N, 4H], 13 cells [N, H], 14 outputs [B, T, H], 15 h0, 16 c0, 17 hT, 18 cT,
 * 19 packed weights of (context, h) [4H, 2H]; 20 joined [N, 2H]: context and h before, of each step;
 * 21 keys [B, S, H], 22 S, 23 source lengths [B], 24 attention weights [B, T, S], 25 scale (float32)
 * backward: 26 dOutputs, 27 dhT, 28 dcT, 29 dh0, 30 dc0, 31 dContexts [B, T, H],
 * 32 dAttentionWeights [B, T, S] in, gradients of the scores out (in a copy of ours),
 * 33 dContext of each step [N, H] out;
 * forward: 34 contexts [B, T, H].
 */
import { dot1x1, dot1x4 } from "./dot";
import { exp4 } from "./math";
import { copy, loadPart, madd, storePart, zero } from "./memory";
import { units, unitsBack } from "./lstm";
import {
  backProduct, chunkRows, copyState, gateProduct, integer, paddedBytes, repeatLast, rowAt, word,
} from "./recurrent";

/** Bytes of scratch per thread for `rows` rows. */
export function attentionLstmScratchBytes(rows: i32, size: i32, sources: i32): i32 {
  const table = (rows + 4) * 4;
  const buffer = (rows + 4) * 4 * 32;
  const back = (rows + 1) * <i32>paddedBytes(2 * size) + rows * <i32>paddedBytes(size);
  return table + max(buffer, back) + <i32>paddedBytes(sources) + 64;
}

export function attentionLstmForward(plan: usize, chunk: i32, thread: i32): void {
  const scratch = word(plan, 1) + <usize>thread * word(plan, 2);
  const time = <i32>word(plan, 5), size = <i32>word(plan, 6);
  const gates = word(plan, 12), cells = word(plan, 13), outputs = word(plan, 14);
  const packed = word(plan, 19), joined = word(plan, 20);
  const keys = word(plan, 21), sources = <i32>word(plan, 22), alphas = word(plan, 24);
  const scale = load<f32>(plan, 100);
  const rows = chunkRows(plan, chunk);
  const inputs = scratch;
  const buffer = (inputs + (<usize>(rows + 4) << 2) + 15) & ~15;
  const bytes = <usize>size << 2, sourceBytes = <usize>sources << 2;

  for (let t = 0; t < time; t++) {
    for (let i = 0; i < rows; i++) {
      const row = rowAt(plan, chunk, i);
      const token = <usize>(row * time + t);
      const h = t == 0 ? word(plan, 15) + <usize>row * bytes : outputs + (token - 1) * bytes;
      const pair = joined + token * 2 * bytes;
      const alpha = alphas + token * sourceBytes;
      const rowKeys = keys + <usize>(row * sources) * bytes;
      const length = integer(word(plan, 23), row);
      scores(h, rowKeys, length, size, alpha);
      softmax(alpha, length, scale);
      zero(alpha + (<usize>length << 2), sources - length);
      mix(alpha, rowKeys, length, size, pair, false);
      copy(word(plan, 34) + token * bytes, pair, size);
      copy(pair + bytes, h, size);
      store<u32>(inputs + (<usize>i << 2), <u32>pair);
    }
    repeatLast(inputs, rows);
    for (let block = 0; block * 8 < size; block++) {
      gateProduct(inputs, rows, 2 * size, packed, block, 4, buffer);
      const x = <usize>block << 5;
      for (let i = 0; i < rows; i++) {
        const row = rowAt(plan, chunk, i);
        const token = <usize>(row * time + t);
        const cellBefore = t == 0 ? word(plan, 16) + <usize>row * bytes : cells + (token - 1) * bytes;
        units(
          buffer + (<usize>i << 7), gates + (token * bytes << 2) + x, bytes,
          cellBefore + x, cells + token * bytes + x, outputs + token * bytes + x, size - block * 8,
        );
      }
    }
  }
  for (let i = 0; i < rows; i++) {
    const row = rowAt(plan, chunk, i);
    const last = <usize>(row * time + time - 1) * bytes;
    copyState(word(plan, 17), row, outputs + last, size);
    copyState(word(plan, 18), row, cells + last, size);
  }
}

/** to[s] = q . rows[s], for s < count. */
function scores(q: usize, rows: usize, count: i32, size: i32, to: usize): void {
  const bytes = <usize>size << 2;
  let s = 0;
  for (; s + 4 <= count; s += 4) {
    dot1x4(q, rows, rows + bytes, rows + 2 * bytes, rows + 3 * bytes, size, to, false, 0);
    rows += bytes << 2;
    to += 16;
  }
  for (; s < count; s++) {
    dot1x1(q, rows, size, to, false, 0);
    rows += bytes;
    to += 4;
  }
}

/** In place: softmax of scale * x. */
function softmax(x: usize, count: i32, scale: f32): void {
  let largest: f32 = -Infinity;
  for (let i = 0; i < count; i++) {
    const at = x + (<usize>i << 2);
    const value = load<f32>(at) * scale;
    store<f32>(at, value);
    largest = max(largest, value);
  }
  const shift = f32x4.splat(largest);
  let total: f32 = 0;
  for (let i = 0; i < count; i += 4) {
    const at = x + (<usize>i << 2);
    const n = min(4, count - i);
    storePart(at, exp4(f32x4.sub(loadPart(at, n), shift)), n);
  }
  for (let i = 0; i < count; i++) total += load<f32>(x + (<usize>i << 2));
  const factor: f32 = 1 / total;
  for (let i = 0; i < count; i++) {
    const at = x + (<usize>i << 2);
    store<f32>(at, load<f32>(at) * factor);
  }
}

/** to (+)= sum over s of a[s] rows[s]. */
function mix(a: usize, rows: usize, count: i32, size: i32, to: usize, accumulate: bool): void {
  const bytes = <usize>size << 2;
  let d = 0;
  for (; d + 16 <= size; d += 16) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    if (accumulate) {
      s0 = v128.load(to); s1 = v128.load(to, 16); s2 = v128.load(to, 32); s3 = v128.load(to, 48);
    }
    let p = rows + (<usize>d << 2);
    for (let s = 0; s < count; s++) {
      const factor = v128.load32_splat(a + (<usize>s << 2));
      s0 = madd(factor, v128.load(p), s0);
      s1 = madd(factor, v128.load(p, 16), s1);
      s2 = madd(factor, v128.load(p, 32), s2);
      s3 = madd(factor, v128.load(p, 48), s3);
      p += bytes;
    }
    v128.store(to, s0); v128.store(to, s1, 16); v128.store(to, s2, 32); v128.store(to, s3, 48);
    to += 64;
  }
  for (; d < size; d += 4) {
    const n = min(4, size - d);
    let sum = accumulate ? loadPart(to, n) : f32x4.splat(0);
    let p = rows + (<usize>d << 2);
    for (let s = 0; s < count; s++) {
      sum = madd(v128.load32_splat(a + (<usize>s << 2)), loadPart(p, n), sum);
      p += bytes;
    }
    storePart(to, sum, n);
    to += 16;
  }
}

/** The gates' values become their gradients, in place. */
export function attentionLstmBackward(plan: usize, chunk: i32, thread: i32): void {
  const scratch = word(plan, 1) + <usize>thread * word(plan, 2);
  const time = <i32>word(plan, 5), size = <i32>word(plan, 6);
  const gates = word(plan, 12), cells = word(plan, 13);
  const packed = word(plan, 19);
  const keys = word(plan, 21), sources = <i32>word(plan, 22), alphas = word(plan, 24);
  const scale = load<f32>(plan, 100);
  const dOutputs = word(plan, 26), dContexts = word(plan, 31), dScores = word(plan, 32);
  const stepContexts = word(plan, 33);
  const rows = chunkRows(plan, chunk);
  const inputs = scratch;
  const bytes = <usize>size << 2, sourceBytes = <usize>sources << 2;
  const rowBytes = paddedBytes(2 * size), stateBytes = paddedBytes(size);
  // dJoined[row]: the gradient of (context, h before); dh[row]: what later steps send back to this h
  const dJoined = (inputs + (<usize>(rows + 4) << 2) + 15) & ~15;
  const spare = dJoined + <usize>rows * rowBytes;
  const dh = spare + rowBytes;
  const dAlpha = dh + <usize>rows * stateBytes;

  for (let i = 0; i < rows; i++) {
    const row = <usize>rowAt(plan, chunk, i);
    copy(dh + <usize>i * stateBytes, word(plan, 27) + row * bytes, size);
    copy(word(plan, 30) + row * bytes, word(plan, 28) + row * bytes, size);
  }
  for (let t = time - 1; t >= 0; t--) {
    for (let i = 0; i < rows; i++) {
      const row = rowAt(plan, chunk, i);
      const token = <usize>(row * time + t);
      const gate = gates + (token * bytes << 2);
      const cellBefore = t == 0 ? word(plan, 16) + <usize>row * bytes : cells + (token - 1) * bytes;
      store<u32>(inputs + (<usize>i << 2), <u32>gate);
      unitsBack(
        gate, bytes, cellBefore, cells + token * bytes, dOutputs + token * bytes,
        dh + <usize>i * stateBytes, word(plan, 30) + <usize>row * bytes, size,
      );
    }
    repeatLast(inputs, rows);
    backProduct(inputs, rows, 4 * size, 2 * size, packed, dJoined, rowBytes, spare);
    for (let i = 0; i < rows; i++) {
      const row = rowAt(plan, chunk, i);
      const token = <usize>(row * time + t);
      const rowKeys = keys + <usize>(row * sources) * bytes;
      const length = integer(word(plan, 23), row);
      const alpha = alphas + token * sourceBytes, dScore = dScores + token * sourceBytes;
      const dContext = stepContexts + token * bytes;
      const fromStep = dJoined + <usize>i * rowBytes;
      sum(dContext, fromStep, dContexts + token * bytes, size);
      scores(dContext, rowKeys, length, size, dAlpha);
      softmaxBack(alpha, dAlpha, dScore, length, scale);
      zero(dScore + (<usize>length << 2), sources - length);
      const before = dh + <usize>i * stateBytes;
      copy(before, fromStep + bytes, size);
      mix(dScore, rowKeys, length, size, before, true);
    }
  }
  for (let i = 0; i < rows; i++) {
    copyState(word(plan, 29), rowAt(plan, chunk, i), dh + <usize>i * stateBytes, size);
  }
}

/** dScore (in: what else flows to the weights) = scale * alpha * (d - sum of alpha d), d = dAlpha + dScore. */
function softmaxBack(alpha: usize, dAlpha: usize, dScore: usize, count: i32, scale: f32): void {
  let total: f32 = 0;
  for (let s = 0; s < count; s++) {
    const at = <usize>s << 2;
    const d = load<f32>(dAlpha + at) + load<f32>(dScore + at);
    store<f32>(dAlpha + at, d);
    total += load<f32>(alpha + at) * d;
  }
  for (let s = 0; s < count; s++) {
    const at = <usize>s << 2;
    store<f32>(dScore + at, scale * load<f32>(alpha + at) * (load<f32>(dAlpha + at) - total));
  }
}

function sum(to: usize, a: usize, b: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(to, f32x4.add(v128.load(a), v128.load(b)));
    to += 16; a += 16; b += 16;
  }
  const n = count - i;
  if (n > 0) storePart(to, f32x4.add(loadPart(a, n), loadPart(b, n)), n);
}
