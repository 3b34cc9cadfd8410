/**
 * Optimizer updates in float64: the specification of `assembly/optimizers.ts`, same arguments in the same
 * order (arrays in the place of offsets, `undefined` for a slot that is not there).
 */
type Values = Float64Array;

/** The gradient as every update sees it: scaled, clipped to ±clip, with decay * parameter added. */
function prepared(g: number, p: number, scale: number, clip: number, decay: number): number {
  const scaled = g * scale;
  const clipped = Math.min(Math.max(scaled, -clip), clip); // NaN stays
  return clipped + decay * p;
}

/** p -= rate g. */
function sgd(p: Values, g: Values, scale: number, clip: number, decay: number, rate: number): void {
  for (let i = 0; i < p.length; i++) {
    p[i]! -= rate * prepared(g[i]!, p[i]!, scale, clip, decay);
  }
}

/** b = keep b + add g; p -= rate (fromGradient g + fromBuffer b). */
function sgdMomentum(
  p: Values,
  g: Values,
  b: Values,
  scale: number,
  clip: number,
  decay: number,
  rate: number,
  keep: number,
  add: number,
  fromGradient: number,
  fromBuffer: number,
): void {
  for (let i = 0; i < p.length; i++) {
    const gradient = prepared(g[i]!, p[i]!, scale, clip, decay);
    b[i] = keep * b[i]! + add * gradient;
    p[i]! -= rate * (fromGradient * gradient + fromBuffer * b[i]!);
  }
}

/**
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
 * p = shrink p - (rate m + gradientRate g) / (rootScale √v + epsilon), of the largest v so far if kept.
 */
function adam(
  p: Values,
  g: Values,
  m: Values,
  v: Values,
  largest: Values | undefined,
  scale: number,
  clip: number,
  decay: number,
  shrink: number,
  rate: number,
  gradientRate: number,
  beta1: number,
  oneMinusBeta1: number,
  beta2: number,
  oneMinusBeta2: number,
  rootScale: number,
  epsilon: number,
): void {
  for (let i = 0; i < p.length; i++) {
    const gradient = prepared(g[i]!, p[i]!, scale, clip, decay);
    m[i] = beta1 * m[i]! + oneMinusBeta1 * gradient;
    v[i] = beta2 * v[i]! + oneMinusBeta2 * gradient * gradient;
    if (largest) largest[i] = Math.max(largest[i]!, v[i]!);
    const under = largest ? largest[i]! : v[i]!;
    const denominator = Math.sqrt(under) * rootScale + epsilon;
    p[i] = shrink * p[i]! - (rate * m[i]! + gradientRate * gradient) / denominator;
  }
}

/** m as in `adam`; u = max(beta2 u, |g| + epsilon); p -= rate m / u. */
function adamax(
  p: Values,
  g: Values,
  m: Values,
  u: Values,
  scale: number,
  clip: number,
  decay: number,
  rate: number,
  beta1: number,
  oneMinusBeta1: number,
  beta2: number,
  epsilon: number,
): void {
  for (let i = 0; i < p.length; i++) {
    const gradient = prepared(g[i]!, p[i]!, scale, clip, decay);
    m[i] = beta1 * m[i]! + oneMinusBeta1 * gradient;
    u[i] = Math.max(beta2 * u[i]!, Math.abs(gradient) + epsilon);
    p[i]! -= (rate * m[i]!) / u[i]!;
  }
}

/** s = rho s + (1 - rho) g²; d = g √(a + epsilon) / √(s + epsilon); a = rho a + (1 - rho) d²; p -= rate d. */
function adadelta(
  p: Values,
  g: Values,
  s: Values,
  a: Values,
  scale: number,
  clip: number,
  decay: number,
  rate: number,
  rho: number,
  oneMinusRho: number,
  epsilon: number,
): void {
  for (let i = 0; i < p.length; i++) {
    const gradient = prepared(g[i]!, p[i]!, scale, clip, decay);
    s[i] = rho * s[i]! + oneMinusRho * gradient * gradient;
    const delta = (gradient * Math.sqrt(a[i]! + epsilon)) / Math.sqrt(s[i]! + epsilon);
    a[i] = rho * a[i]! + oneMinusRho * delta * delta;
    p[i]! -= rate * delta;
  }
}

/** s += g²; p -= rate g / (√s + epsilon). */
function adagrad(
  p: Values,
  g: Values,
  s: Values,
  scale: number,
  clip: number,
  decay: number,
  rate: number,
  epsilon: number,
): void {
  for (let i = 0; i < p.length; i++) {
    const gradient = prepared(g[i]!, p[i]!, scale, clip, decay);
    s[i]! += gradient * gradient;
    p[i]! -= (rate * gradient) / (Math.sqrt(s[i]!) + epsilon);
  }
}

/**
 * s = alpha s + (1 - alpha) g²; d = g / (√s + epsilon); with an average a: a = alpha a + (1 - alpha) g and
 * √(s - a²) in place of √s; with a buffer b: b = momentum b + d and b in place of d. p -= rate d.
 */
function rmsprop(
  p: Values,
  g: Values,
  s: Values,
  a: Values | undefined,
  b: Values | undefined,
  scale: number,
  clip: number,
  decay: number,
  rate: number,
  alpha: number,
  oneMinusAlpha: number,
  momentum: number,
  epsilon: number,
): void {
  for (let i = 0; i < p.length; i++) {
    const gradient = prepared(g[i]!, p[i]!, scale, clip, decay);
    s[i] = alpha * s[i]! + oneMinusAlpha * gradient * gradient;
    let variance = s[i]!;
    if (a) {
      a[i] = alpha * a[i]! + oneMinusAlpha * gradient;
      variance = Math.max(variance - a[i]! * a[i]!, 0); // rounding must not give √ of a negative
    }
    let direction = gradient / (Math.sqrt(variance) + epsilon);
    if (b) direction = b[i] = momentum * b[i]! + direction;
    p[i]! -= rate * direction;
  }
}

/**
 * With the gradient before, h: where g h > 0 the step z grows, where g h < 0 it shrinks and g counts as 0;
 * z stays within [least, most]; p -= sign(g) z; h = g.
 */
function rprop(
  p: Values,
  g: Values,
  h: Values,
  z: Values,
  scale: number,
  clip: number,
  shrink: number,
  grow: number,
  least: number,
  most: number,
): void {
  for (let i = 0; i < p.length; i++) {
    let gradient = prepared(g[i]!, p[i]!, scale, clip, 0);
    const agreement = gradient * h[i]!;
    const factor = agreement > 0 ? grow : agreement < 0 ? shrink : 1;
    z[i] = Math.min(Math.max(z[i]! * factor, least), most);
    if (agreement < 0) gradient = 0;
    h[i] = gradient;
    p[i]! -= Math.sign(gradient) * z[i]!;
  }
}

/** p = shrink p - rate g; a += mu (p - a). */
function asgd(
  p: Values,
  g: Values,
  a: Values,
  scale: number,
  clip: number,
  decay: number,
  shrink: number,
  rate: number,
  mu: number,
): void {
  for (let i = 0; i < p.length; i++) {
    p[i] = shrink * p[i]! - rate * prepared(g[i]!, p[i]!, scale, clip, decay);
    a[i] = mu === 1 ? p[i]! : a[i]! + mu * (p[i]! - a[i]!);
  }
}

/** By the name of the kernel. */
export const updateFormulas = {
  sgd,
  sgdMomentum,
  adam,
  adamax,
  adadelta,
  adagrad,
  rmsprop,
  rprop,
  asgd,
} as const;

export type UpdateName = keyof typeof updateFormulas;
