/** Softmax cross-entropy in float64: the specification of `assembly/softmax-cross-entropy.ts`. */

export interface ReferenceLossOptions {
  /** Rows with this target give loss and gradient 0. */
  readonly ignored?: number;
  /** ε */
  readonly smoothing?: number;
  /** w, 1 where there is none. */
  readonly weights?: ArrayLike<number> | null;
}

/** lossₙ = -(1 - ε) w[yₙ] log pₙ[yₙ] - ε/V Σ_v w[v] log pₙ[v] for each row n of logits `[N, V]`. */
export function referenceCrossEntropy(
  logits: ArrayLike<number>,
  targets: ArrayLike<number>,
  classes: number,
  { ignored = -100, smoothing = 0, weights = null }: ReferenceLossOptions = {},
): Float64Array {
  return Float64Array.from(targets, (target, row) => {
    if (target === ignored) return 0;
    const { largest, sum } = softmaxSums(logits, row * classes, classes);
    const negativeLogProb = (v: number) =>
      Math.log(sum) - ((logits[row * classes + v] as number) - largest);
    const weightOf = (v: number) => (weights ? (weights[v] as number) : 1);
    const loss = (1 - smoothing) * weightOf(target) * negativeLogProb(target);
    if (smoothing === 0) return loss; // a logit of -Infinity counts only where it is the target
    let uniform = 0;
    for (let v = 0; v < classes; v++) uniform += weightOf(v) * negativeLogProb(v);
    return loss + (smoothing / classes) * uniform;
  });
}

/** dlossₙ/dz[v] factors[n] = (A pₙ[v] - (1 - ε) w[yₙ] [v = yₙ] - ε/V w[v]) factors[n], A = (1 - ε) w[yₙ] + ε/V Σ w. */
export function referenceCrossEntropyGradient(
  logits: ArrayLike<number>,
  targets: ArrayLike<number>,
  classes: number,
  factors: ArrayLike<number>,
  { ignored = -100, smoothing = 0, weights = null }: ReferenceLossOptions = {},
): Float64Array {
  const gradient = new Float64Array(targets.length * classes);
  const weightOf = (v: number) => (weights ? (weights[v] as number) : 1);
  let weightSum = 0;
  for (let v = 0; v < classes; v++) weightSum += weightOf(v);
  for (let row = 0; row < targets.length; row++) {
    const target = targets[row] as number;
    if (target === ignored) continue;
    const start = row * classes;
    const { largest, sum } = softmaxSums(logits, start, classes);
    const factor = factors[row] as number;
    const hit = (1 - smoothing) * weightOf(target);
    const total = hit + (smoothing / classes) * weightSum;
    for (let v = 0; v < classes; v++) {
      const p = Math.exp((logits[start + v] as number) - largest) / sum;
      gradient[start + v] = factor * (total * p - (smoothing / classes) * weightOf(v));
    }
    gradient[start + target]! -= factor * hit;
  }
  return gradient;
}

function softmaxSums(logits: ArrayLike<number>, start: number, classes: number) {
  let largest = -Infinity;
  for (let v = 0; v < classes; v++) largest = Math.max(largest, logits[start + v] as number);
  let sum = 0;
  for (let v = 0; v < classes; v++) sum += Math.exp((logits[start + v] as number) - largest);
  return { largest, sum };
}

/** Σ of the weights of the targets that count: what "mean" divides by. */
export function referenceTotalWeight(
  targets: ArrayLike<number>,
  { ignored = -100, weights = null }: ReferenceLossOptions = {},
): number {
  let total = 0;
  for (let row = 0; row < targets.length; row++) {
    const target = targets[row] as number;
    if (target !== ignored) total += weights ? (weights[target] as number) : 1;
  }
  return total;
}
