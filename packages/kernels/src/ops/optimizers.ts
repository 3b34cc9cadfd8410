/**
 * Optimizer updates, one function per method: each moves a parameter and its slots by one step, in place.
 * Formulas and defaults are torch.optim's (2.x); the step count is 1 on the first call.
 */
import {
  abs,
  add,
  clipByValue,
  div,
  greater,
  less,
  maximum,
  mul,
  sign,
  sqrt,
  square,
  sub,
  type Tensor,
  tidy,
  type Variable,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";

/** What every update takes. */
export interface Update {
  readonly parameter: Variable;
  readonly gradient: Tensor;
  readonly learningRate: number;
  /** Multiplies the gradient first: a clipping coefficient, or 1 over the number of parts. Default 1. */
  readonly gradientScale?: number;
  /** Adds weightDecay * parameter to the gradient (AdamW: shrinks the parameter instead). Default 0. */
  readonly weightDecay?: number;
  /** Ascends instead of descends. Default false. */
  readonly maximize?: boolean;
}

export interface SgdUpdate extends Update {
  /** Default 0; otherwise `momentumBuffer` is needed. */
  readonly momentum?: number;
  readonly dampening?: number;
  readonly nesterov?: boolean;
  readonly momentumBuffer?: Variable;
  /** 1 on the first call, which fills the buffer undamped. */
  readonly step?: number;
}

/** Stochastic gradient descent with momentum (Sutskever et al. 2013, as torch writes it). */
export function sgdUpdate(update: SgdUpdate): void {
  const { parameter, momentumBuffer, learningRate } = update;
  const { momentum = 0, dampening = 0, nesterov = false, step = 1 } = update;
  tidy(() => {
    const g = preparedGradient(update);
    if (momentum === 0 || momentumBuffer === undefined) {
      parameter.assign(sub(parameter, mul(g, learningRate)));
      return;
    }
    const buffer = step === 1 ? g : add(mul(momentumBuffer, momentum), mul(g, 1 - dampening));
    momentumBuffer.assign(step === 1 ? g.clone() : buffer);
    const direction = nesterov ? add(g, mul(buffer, momentum)) : buffer;
    parameter.assign(sub(parameter, mul(direction, learningRate)));
  });
}

export interface AdamUpdate extends Update {
  readonly firstMoment: Variable;
  readonly secondMoment: Variable;
  /** With it, the running maximum of the second moment is used (AMSGrad). */
  readonly maxSecondMoment?: Variable;
  readonly step: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** Adam (Kingma & Ba 2015, algorithm 1). */
export function adamUpdate(update: AdamUpdate): void {
  tidy(() => adamStep(update, preparedGradient(update)));
}

/** AdamW (Loshchilov & Hutter 2019, algorithm 2): decay apart from the gradient. */
export function adamwUpdate(update: AdamUpdate): void {
  const { parameter, learningRate, weightDecay = 0.01 } = update;
  tidy(() => {
    parameter.assign(mul(parameter, 1 - learningRate * weightDecay));
    adamStep(update, preparedGradient({ ...update, weightDecay: 0 }));
  });
}

function adamStep(update: AdamUpdate, g: Tensor): void {
  const { parameter, firstMoment, secondMoment, maxSecondMoment, step, learningRate } = update;
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = update;
  moments(update, g, beta1, beta2);
  let second: Tensor = secondMoment;
  if (maxSecondMoment) {
    maxSecondMoment.assign(maximum(maxSecondMoment, secondMoment));
    second = maxSecondMoment;
  }
  const denominator = add(div(sqrt(second), Math.sqrt(1 - beta2 ** step)), epsilon);
  const rate = learningRate / (1 - beta1 ** step);
  parameter.assign(sub(parameter, mul(div(firstMoment, denominator), rate)));
}

export interface NadamUpdate extends AdamUpdate {
  /** Default 0.004. */
  readonly momentumDecay?: number;
  /** Product of all μ before this step; 1 on the first. */
  readonly muProduct: number;
}

/** NAdam (Dozat 2016). Returns the μ product to pass with the next step. */
export function nadamUpdate(update: NadamUpdate): number {
  const { parameter, firstMoment, secondMoment, step, learningRate, muProduct } = update;
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, momentumDecay = 4e-3 } = update;
  const mu = beta1 * (1 - 0.5 * 0.96 ** (step * momentumDecay));
  const nextMu = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * momentumDecay));
  const product = muProduct * mu;
  tidy(() => {
    const g = preparedGradient(update);
    moments(update, g, beta1, beta2);
    const denominator = add(sqrt(div(secondMoment, 1 - beta2 ** step)), epsilon);
    const fromGradient = mul(div(g, denominator), (learningRate * (1 - mu)) / (1 - product));
    const fromMoment = mul(
      div(firstMoment, denominator),
      (learningRate * nextMu) / (1 - product * nextMu),
    );
    parameter.assign(sub(sub(parameter, fromGradient), fromMoment));
  });
  return product;
}

/** RAdam (Liu et al. 2020, algorithm 2). */
export function radamUpdate(update: Omit<AdamUpdate, "maxSecondMoment">): void {
  const { parameter, firstMoment, secondMoment, step, learningRate } = update;
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = update;
  tidy(() => {
    const g = preparedGradient(update);
    moments(update, g, beta1, beta2);
    const unbiased = div(firstMoment, 1 - beta1 ** step);
    const correction2 = 1 - beta2 ** step;
    const longest = 2 / (1 - beta2) - 1;
    const length = longest - (2 * step * beta2 ** step) / correction2;
    if (length <= 5) {
      parameter.assign(sub(parameter, mul(unbiased, learningRate)));
      return;
    }
    const rectified = Math.sqrt(
      ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length),
    );
    const adaptive = div(Math.sqrt(correction2), add(sqrt(secondMoment), epsilon));
    parameter.assign(sub(parameter, mul(mul(unbiased, adaptive), learningRate * rectified)));
  });
}

export interface AdamaxUpdate extends Update {
  readonly firstMoment: Variable;
  readonly infinityNorm: Variable;
  readonly step: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** Adamax (Kingma & Ba 2015, algorithm 2). */
export function adamaxUpdate(update: AdamaxUpdate): void {
  const { parameter, firstMoment, infinityNorm, step, learningRate } = update;
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = update;
  tidy(() => {
    const g = preparedGradient(update);
    firstMoment.assign(add(mul(firstMoment, beta1), mul(g, 1 - beta1)));
    infinityNorm.assign(maximum(mul(infinityNorm, beta2), add(abs(g), epsilon)));
    const rate = learningRate / (1 - beta1 ** step);
    parameter.assign(sub(parameter, mul(div(firstMoment, infinityNorm), rate)));
  });
}

export interface AdadeltaUpdate extends Update {
  readonly squareAverage: Variable;
  readonly deltaAverage: Variable;
  /** Default 0.9. */
  readonly rho?: number;
  /** Default 1e-6. */
  readonly epsilon?: number;
}

/** Adadelta (Zeiler 2012, algorithm 1). */
export function adadeltaUpdate(update: AdadeltaUpdate): void {
  const {
    parameter,
    squareAverage,
    deltaAverage,
    learningRate,
    rho = 0.9,
    epsilon = 1e-6,
  } = update;
  tidy(() => {
    const g = preparedGradient(update);
    squareAverage.assign(add(mul(squareAverage, rho), mul(square(g), 1 - rho)));
    const ratio = div(sqrt(add(deltaAverage, epsilon)), sqrt(add(squareAverage, epsilon)));
    const delta = mul(g, ratio);
    deltaAverage.assign(add(mul(deltaAverage, rho), mul(square(delta), 1 - rho)));
    parameter.assign(sub(parameter, mul(delta, learningRate)));
  });
}

export interface AdagradUpdate extends Update {
  /** Starts at the initial accumulator value. */
  readonly squareSum: Variable;
  readonly step: number;
  /** Default 0. */
  readonly learningRateDecay?: number;
  /** Default 1e-10. */
  readonly epsilon?: number;
}

/** Adagrad (Duchi et al. 2011). */
export function adagradUpdate(update: AdagradUpdate): void {
  const { parameter, squareSum, step, learningRate } = update;
  const { learningRateDecay = 0, epsilon = 1e-10 } = update;
  tidy(() => {
    const g = preparedGradient(update);
    squareSum.assign(add(squareSum, square(g)));
    const rate = learningRate / (1 + (step - 1) * learningRateDecay);
    parameter.assign(sub(parameter, mul(div(g, add(sqrt(squareSum), epsilon)), rate)));
  });
}

export interface RmspropUpdate extends Update {
  readonly squareAverage: Variable;
  /** With it, the average gradient is subtracted (centered). */
  readonly gradientAverage?: Variable;
  readonly momentumBuffer?: Variable;
  /** Default 0.99. */
  readonly alpha?: number;
  /** Default 0; otherwise `momentumBuffer` is needed. */
  readonly momentum?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** RMSprop (Tieleman & Hinton 2012), centered: Graves 2013, eqs. 38-45. */
export function rmspropUpdate(update: RmspropUpdate): void {
  const { parameter, squareAverage, gradientAverage, momentumBuffer, learningRate } = update;
  const { alpha = 0.99, momentum = 0, epsilon = 1e-8 } = update;
  tidy(() => {
    const g = preparedGradient(update);
    squareAverage.assign(add(mul(squareAverage, alpha), mul(square(g), 1 - alpha)));
    let variance: Tensor = squareAverage;
    if (gradientAverage) {
      gradientAverage.assign(add(mul(gradientAverage, alpha), mul(g, 1 - alpha)));
      variance = sub(squareAverage, square(gradientAverage));
    }
    let direction = div(g, add(sqrt(variance), epsilon));
    if (momentum > 0 && momentumBuffer) {
      direction = add(mul(momentumBuffer, momentum), direction);
      momentumBuffer.assign(direction.clone());
    }
    parameter.assign(sub(parameter, mul(direction, learningRate)));
  });
}

export interface RpropUpdate extends Omit<Update, "weightDecay" | "learningRate"> {
  readonly previousGradient: Variable;
  /** One step size per value; starts at the learning rate. */
  readonly stepSize: Variable;
  /** Default 0.5. */
  readonly shrink?: number;
  /** Default 1.2. */
  readonly grow?: number;
  /** Default 1e-6. */
  readonly minStep?: number;
  /** Default 50. */
  readonly maxStep?: number;
}

/** Rprop (Riedmiller & Braun 1993), the variant that forgets the gradient after a change of sign. */
export function rpropUpdate(update: RpropUpdate): void {
  const { parameter, previousGradient, stepSize } = update;
  const { shrink = 0.5, grow = 1.2, minStep = 1e-6, maxStep = 50 } = update;
  tidy(() => {
    const g = preparedGradient(update);
    const agreement = sign(mul(g, previousGradient));
    const zero = zerosLike(agreement);
    const isNegative = less(agreement, zero);
    const factor = where(
      greater(agreement, zero),
      add(zero, grow),
      where(isNegative, add(zero, shrink), add(zero, 1)),
    );
    stepSize.assign(clipByValue(mul(stepSize, factor), minStep, maxStep));
    const kept = where(isNegative, zero, g);
    parameter.assign(sub(parameter, mul(sign(kept), stepSize)));
    previousGradient.assign(kept);
  });
}

export interface AsgdUpdate extends Update {
  /** The average of the parameters, the method's result. */
  readonly average: Variable;
  readonly step: number;
  /** The step size η of this step, as the last call returned it; the learning rate on the first. */
  readonly eta: number;
  /** Weight of this step in the average, as the last call returned it; 1 on the first. */
  readonly mu: number;
  /** Default 1e-4. */
  readonly lambda?: number;
  /** Default 0.75. */
  readonly alpha?: number;
  /** Default 1e6. */
  readonly averageFrom?: number;
}

/** Averaged SGD (Polyak & Juditsky 1992), as torch. Returns η and μ to pass with the next step. */
export function asgdUpdate(update: AsgdUpdate): { eta: number; mu: number } {
  const { parameter, average, step, learningRate, eta, mu } = update;
  const { lambda = 1e-4, alpha = 0.75, averageFrom = 1e6 } = update;
  tidy(() => {
    const g = preparedGradient(update);
    parameter.assign(sub(mul(parameter, 1 - lambda * eta), mul(g, eta)));
    average.assign(mu === 1 ? parameter.clone() : add(average, mul(sub(parameter, average), mu)));
  });
  return {
    eta: learningRate / (1 + lambda * learningRate * step) ** alpha,
    mu: 1 / Math.max(1, step - averageFrom),
  };
}

function moments(
  { firstMoment, secondMoment }: { firstMoment: Variable; secondMoment: Variable },
  g: Tensor,
  beta1: number,
  beta2: number,
): void {
  firstMoment.assign(add(mul(firstMoment, beta1), mul(g, 1 - beta1)));
  secondMoment.assign(add(mul(secondMoment, beta2), mul(square(g), 1 - beta2)));
}

/** Scale, sign and decay, in torch's order. */
function preparedGradient({
  parameter,
  gradient,
  gradientScale = 1,
  weightDecay = 0,
  maximize = false,
}: Omit<Update, "learningRate">): Tensor {
  const factor = maximize ? -gradientScale : gradientScale;
  const scaled = factor === 1 ? gradient : mul(gradient, factor);
  return weightDecay === 0 ? scaled : add(scaled, mul(parameter, weightDecay));
}
