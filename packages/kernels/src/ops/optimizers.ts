/**
 * Optimizer updates, one function per method: each moves a parameter and its slots by one step, in place.
 * Formulas and defaults are torch.optim's (2.x); the step count is 1 on the first call.
 *
 * Every function works out the numbers of the step here, in float64, and hands them to one pass over the
 * values: `assembly/optimizers.ts` on WASM, `src/reference/optimizers.ts` elsewhere.
 */
import { OptionError } from "@seq/core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { applyUpdate } from "./apply-update.ts";

/** What every update takes. */
export interface Update {
  /** float32; changed in place. */
  readonly parameter: Variable;
  /** Of the parameter's shape; not changed, not disposed. */
  readonly gradient: Tensor;
  readonly learningRate: number;
  /** Multiplies the gradient first: a clipping coefficient, or 1 over the number of parts. Default 1. */
  readonly gradientScale?: number;
  /** Then each value is clipped to ±clipValue; NaN stays NaN. Default Infinity. */
  readonly clipValue?: number;
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
  const { momentumBuffer, learningRate, step = 1 } = update;
  const { momentum = 0, dampening = 0, nesterov = false } = update;
  if (momentum === 0) {
    applyUpdate("sgd", "sgdUpdate", update, [], [...prepared(update), learningRate]);
    return;
  }
  const buffer = required("sgdUpdate", "momentum", "momentumBuffer", momentumBuffer);
  const [keep, add] = step === 1 ? [0, 1] : [momentum, 1 - dampening];
  const [fromGradient, fromBuffer] = nesterov ? [1, momentum] : [0, 1];
  const scalars = [...prepared(update), learningRate, keep, add, fromGradient, fromBuffer];
  applyUpdate("sgdMomentum", "sgdUpdate", update, [buffer], scalars);
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
  const { step, learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = update;
  applyAdam("adamUpdate", update, prepared(update), {
    rate: learningRate / (1 - beta1 ** step),
    rootScale: 1 / Math.sqrt(1 - beta2 ** step),
    epsilon,
  });
}

/** AdamW (Loshchilov & Hutter 2019, algorithm 2): decay apart from the gradient, by default 0.01. */
export function adamwUpdate(update: AdamUpdate): void {
  const { step, learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = update;
  applyAdam("adamwUpdate", update, prepared(update, 0), {
    shrink: 1 - learningRate * (update.weightDecay ?? 0.01),
    rate: learningRate / (1 - beta1 ** step),
    rootScale: 1 / Math.sqrt(1 - beta2 ** step),
    epsilon,
  });
}

export interface NadamUpdate extends Omit<AdamUpdate, "maxSecondMoment"> {
  /** Default 0.004. */
  readonly momentumDecay?: number;
  /** Product of all μ before this step; 1 on the first. */
  readonly muProduct: number;
  /** Shrinks the parameter instead of adding to the gradient, as AdamW. Default false. */
  readonly decoupledWeightDecay?: boolean;
}

/** NAdam (Dozat 2016). Returns the μ product to pass with the next step. */
export function nadamUpdate(update: NadamUpdate): number {
  const { step, learningRate, muProduct, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = update;
  const { momentumDecay = 4e-3 } = update;
  const mu = beta1 * (1 - 0.5 * 0.96 ** (step * momentumDecay));
  const nextMu = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * momentumDecay));
  const product = muProduct * mu;
  applyAdam("nadamUpdate", update, preparedApart(update), {
    shrink: shrinkOf(update),
    rate: (learningRate * nextMu) / (1 - product * nextMu),
    gradientRate: (learningRate * (1 - mu)) / (1 - product),
    rootScale: 1 / Math.sqrt(1 - beta2 ** step),
    epsilon,
  });
  return product;
}

export interface RadamUpdate extends Omit<AdamUpdate, "maxSecondMoment"> {
  /** Shrinks the parameter instead of adding to the gradient, as AdamW. Default false. */
  readonly decoupledWeightDecay?: boolean;
}

/** RAdam (Liu et al. 2020, algorithm 2): plain momentum until the second moment can be trusted. */
export function radamUpdate(update: RadamUpdate): void {
  const { step, learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = update;
  const unbiased = learningRate / (1 - beta1 ** step);
  const correction2 = 1 - beta2 ** step;
  const longest = 2 / (1 - beta2) - 1;
  const length = longest - (2 * step * beta2 ** step) / correction2;
  const rectified = Math.sqrt(
    ((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length),
  );
  const isAdaptive = length > 5;
  applyAdam("radamUpdate", update, preparedApart(update), {
    shrink: shrinkOf(update),
    rate: isAdaptive ? unbiased * rectified * Math.sqrt(correction2) : unbiased,
    rootScale: isAdaptive ? 1 : 0, // not adaptive: divides by 0 √v + 1
    epsilon: isAdaptive ? epsilon : 1,
  });
}

interface AdamNumbers {
  readonly shrink?: number;
  readonly rate: number;
  readonly gradientRate?: number;
  readonly rootScale: number;
  readonly epsilon: number;
}

function applyAdam(
  where: string,
  update: AdamUpdate,
  preparation: readonly number[],
  { shrink = 1, rate, gradientRate = 0, rootScale, epsilon }: AdamNumbers,
): void {
  const { firstMoment, secondMoment, maxSecondMoment, beta1 = 0.9, beta2 = 0.999 } = update;
  const betas = [beta1, 1 - beta1, beta2, 1 - beta2];
  const scalars = [...preparation, shrink, rate, gradientRate, ...betas, rootScale, epsilon];
  applyUpdate("adam", where, update, [firstMoment, secondMoment, maxSecondMoment], scalars);
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
  const { firstMoment, infinityNorm, step, learningRate } = update;
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = update;
  const rate = learningRate / (1 - beta1 ** step);
  const scalars = [...prepared(update), rate, beta1, 1 - beta1, beta2, epsilon];
  applyUpdate("adamax", "adamaxUpdate", update, [firstMoment, infinityNorm], scalars);
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
  const { squareAverage, deltaAverage, learningRate, rho = 0.9, epsilon = 1e-6 } = update;
  const scalars = [...prepared(update), learningRate, rho, 1 - rho, epsilon];
  applyUpdate("adadelta", "adadeltaUpdate", update, [squareAverage, deltaAverage], scalars);
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
  const { squareSum, step, learningRate, learningRateDecay = 0, epsilon = 1e-10 } = update;
  const rate = learningRate / (1 + (step - 1) * learningRateDecay);
  const scalars = [...prepared(update), rate, epsilon];
  applyUpdate("adagrad", "adagradUpdate", update, [squareSum], scalars);
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
  const { squareAverage, gradientAverage, momentumBuffer, learningRate } = update;
  const { alpha = 0.99, momentum = 0, epsilon = 1e-8 } = update;
  const buffer =
    momentum === 0
      ? undefined
      : required("rmspropUpdate", "momentum", "momentumBuffer", momentumBuffer);
  const scalars = [...prepared(update), learningRate, alpha, 1 - alpha, momentum, epsilon];
  applyUpdate(
    "rmsprop",
    "rmspropUpdate",
    update,
    [squareAverage, gradientAverage, buffer],
    scalars,
  );
}

export interface RpropUpdate extends Omit<Update, "weightDecay" | "learningRate"> {
  /** Starts at 0. */
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
  const { previousGradient, stepSize } = update;
  const { shrink = 0.5, grow = 1.2, minStep = 1e-6, maxStep = 50 } = update;
  const [scale, clip] = prepared(update);
  const scalars = [scale, clip, shrink, grow, minStep, maxStep];
  applyUpdate("rprop", "rpropUpdate", update, [previousGradient, stepSize], scalars);
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
  const { average, step, learningRate, eta, mu } = update;
  const { lambda = 1e-4, alpha = 0.75, averageFrom = 1e6 } = update;
  const scalars = [...prepared(update), 1 - lambda * eta, eta, mu];
  applyUpdate("asgd", "asgdUpdate", update, [average], scalars);
  return {
    eta: learningRate / (1 + lambda * learningRate * step) ** alpha,
    mu: 1 / Math.max(1, step - averageFrom),
  };
}

type Preparation = readonly [scale: number, clip: number, decay: number];

/** What happens to the gradient first. */
function prepared(
  { gradientScale = 1, clipValue = Infinity, weightDecay = 0, maximize = false }: Partial<Update>,
  decay = weightDecay,
): Preparation {
  return [maximize ? -gradientScale : gradientScale, clipValue, decay];
}

interface MaybeDecoupled extends Update {
  readonly decoupledWeightDecay?: boolean;
}

function preparedApart(update: MaybeDecoupled): Preparation {
  return update.decoupledWeightDecay ? prepared(update, 0) : prepared(update);
}

function shrinkOf({ decoupledWeightDecay, learningRate, weightDecay = 0 }: MaybeDecoupled): number {
  return decoupledWeightDecay ? 1 - learningRate * weightDecay : 1;
}

function required(
  where: string,
  option: string,
  name: string,
  slot: Variable | undefined,
): Variable {
  if (slot === undefined) {
    throw new OptionError(`${where}: ${option} needs ${name}.`, {
      code: "MISSING_OPTION",
      details: { option: name },
    });
  }
  return slot;
}
