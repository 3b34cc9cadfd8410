/**
 * Kernels that threads share by cutting a range (of elements, rows, columns) into chunks.
 *
 * Words of the task: 0 the kind, 1 which kernel, 2 length of a chunk, 3 end of the range, 4.. offsets and
 * integers in the order of the kernel's arguments; its float arguments as float64 from byte 128. The numbers
 * of the kernels are those of `src/wasm/ranges.ts`.
 */
import {
  additiveAttention, additiveAttentionGradient, attentionScoreGradient, dotAttention, dotAttentionGradient,
} from "./attention";
import { dropout } from "./dropout";
import { gather, scatterAdd } from "./embedding";
import { int8Product, quantizeInputs } from "./int8";
import { layerNorm, layerNormGradient, layerNormParameters } from "./layer-norm";
import { adadelta, adagrad, adam, adamax, asgd, rmsprop, rprop, sgd, sgdMomentum, sumOfSquaresBlocks } from "./optimizers";
import { addColumnSums, crossEntropy, crossEntropyGradient, crossEntropyInPlace } from "./softmax-cross-entropy";

export function range(task: usize, chunk: i32): void {
  const from = chunk * load<i32>(task, 8);
  const to = min(from + load<i32>(task, 8), load<i32>(task, 12));
  const which = load<i32>(task, 4);
  if (which < 16) updateRange(task, which, from, to);
  else if (which < 32) lossRange(task, which, from, to);
  else attentionRange(task, which, from, to);
}

// @ts-ignore: decorator
@inline function int(task: usize, index: i32): i32 {
  return load<i32>(task + 16 + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline function ptr(task: usize, index: i32): usize {
  return <usize>load<u32>(task + 16 + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline function f(task: usize, index: i32): f32 {
  return <f32>load<f64>(task + 128 + (<usize>index << 3));
}

// @ts-ignore: decorator
@inline function f64At(task: usize, index: i32): f64 {
  return load<f64>(task + 128 + (<usize>index << 3));
}

// @ts-ignore: decorator
@inline function slot(task: usize, index: i32, shift: usize): usize {
  const at = ptr(task, index);
  return at == 0 ? at : at + shift;
}

/** Elements [from, to) of each array; an absent slot stays 0. */
function updateRange(t: usize, which: i32, from: i32, to: i32): void {
  const shift = <usize>from << 2;
  const n = to - from;
  const p = ptr(t, 0) + shift;
  const g = ptr(t, 1) + shift;
  const a = slot(t, 2, shift);
  const b = slot(t, 3, shift);
  const c = slot(t, 4, shift);
  switch (which) {
    case 1: sgd(p, g, n, f(t, 0), f(t, 1), f(t, 2), f(t, 3)); break;
    case 2: sgdMomentum(p, g, a, n, f(t, 0), f(t, 1), f(t, 2), f(t, 3), f(t, 4), f(t, 5), f(t, 6), f(t, 7)); break;
    case 3: adam(p, g, a, b, c, n, f(t, 0), f(t, 1), f(t, 2), f(t, 3), f(t, 4), f(t, 5), f(t, 6), f(t, 7), f(t, 8),
      f(t, 9), f(t, 10), f(t, 11)); break;
    case 4: adamax(p, g, a, b, n, f(t, 0), f(t, 1), f(t, 2), f(t, 3), f(t, 4), f(t, 5), f(t, 6), f(t, 7)); break;
    case 5: adadelta(p, g, a, b, n, f(t, 0), f(t, 1), f(t, 2), f(t, 3), f(t, 4), f(t, 5), f(t, 6)); break;
    case 6: adagrad(p, g, a, n, f(t, 0), f(t, 1), f(t, 2), f(t, 3), f(t, 4)); break;
    case 7: rmsprop(p, g, a, b, c, n, f(t, 0), f(t, 1), f(t, 2), f(t, 3), f(t, 4), f(t, 5), f(t, 6), f(t, 7)); break;
    case 8: rprop(p, g, a, b, n, f(t, 0), f(t, 1), f(t, 2), f(t, 3), f(t, 4), f(t, 5)); break;
    case 9: asgd(p, g, a, n, f(t, 0), f(t, 1), f(t, 2), f(t, 3), f(t, 4), f(t, 5)); break;
    case 10: sumOfSquaresBlocks(ptr(t, 0), int(t, 1), ptr(t, 2), from, to); break;
    default: unreachable();
  }
}

function lossRange(t: usize, which: i32, from: i32, to: i32): void {
  switch (which) {
    case 16: gather(ptr(t, 0), ptr(t, 1), ptr(t, 2), int(t, 3), from, to); break;
    case 17: scatterAdd(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), int(t, 4), int(t, 5), int(t, 6), int(t, 7), from, to); break;
    case 18: crossEntropy(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), int(t, 5), int(t, 6),
      f64At(t, 0), f64At(t, 1), from, to); break;
    case 19: crossEntropyGradient(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), int(t, 5), ptr(t, 6),
      int(t, 7), int(t, 8), f64At(t, 0), f64At(t, 1), f64At(t, 2), from, to); break;
    case 20: crossEntropyInPlace(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), int(t, 5), int(t, 6),
      f64At(t, 0), f64At(t, 1), f64At(t, 2), from, to); break;
    case 21: layerNorm(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), int(t, 5), f64At(t, 0), from, to); break;
    case 22: layerNormGradient(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), int(t, 5), from, to); break;
    case 23: layerNormParameters(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), int(t, 5), int(t, 6), from, to); break;
    case 25: addColumnSums(ptr(t, 0), ptr(t, 1), int(t, 2), int(t, 3), from, to); break;
    case 26: quantizeInputs(ptr(t, 0), ptr(t, 1), ptr(t, 2), int(t, 3), int(t, 4), from, to); break;
    case 27: int8Product(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), ptr(t, 5),
      int(t, 6), int(t, 7), int(t, 8), int(t, 9), from, to); break;
    case 24: dropout(ptr(t, 0), ptr(t, 1), int(t, 2), int(t, 3), int(t, 4), f(t, 0), from, to); break;
    default: unreachable();
  }
}

/** Rows of the batch. */
function attentionRange(t: usize, which: i32, from: i32, to: i32): void {
  switch (which) {
    case 32: dotAttention(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), ptr(t, 5),
      int(t, 6), int(t, 7), int(t, 8), int(t, 9), f(t, 0), from, to); break;
    case 33: additiveAttention(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), ptr(t, 5), ptr(t, 6),
      int(t, 7), int(t, 8), int(t, 9), int(t, 10), from, to); break;
    case 34: attentionScoreGradient(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), ptr(t, 5), ptr(t, 6),
      int(t, 7), int(t, 8), int(t, 9), from, to); break;
    case 35: dotAttentionGradient(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), ptr(t, 5),
      int(t, 6), int(t, 7), int(t, 8), f(t, 0), from, to); break;
    case 36: additiveAttentionGradient(ptr(t, 0), ptr(t, 1), ptr(t, 2), ptr(t, 3), ptr(t, 4), ptr(t, 5), ptr(t, 6),
      ptr(t, 7), int(t, 8), int(t, 9), int(t, 10), from, to); break;
    default: unreachable();
  }
}
