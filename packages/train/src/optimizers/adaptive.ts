/** Methods that scale each value's step by its history: Adagrad, Adadelta, RMSprop, Rprop. Equal to torch.optim. */
import { adadeltaUpdate, adagradUpdate, rmspropUpdate, rpropUpdate } from "@seq/kernels";
import {
  type CommonOptions,
  type GroupedOptions,
  SlotOptimizer,
  type UpdateRule,
} from "./slot-optimizer.ts";

const common = { weightDecay: 0, maximize: false } as const;
const positive = [0, Number.MAX_VALUE] as const;

export interface AdagradOptions extends CommonOptions {
  /** Default 0. */
  readonly learningRateDecay: number;
  /** Start of the sum of squares (default 0). */
  readonly initialAccumulator: number;
  /** Default 1e-10. */
  readonly epsilon: number;
}

const adagrad: UpdateRule<AdagradOptions> = {
  kind: "adagrad",
  name: "Adagrad",
  defaults: {
    ...{ learningRate: 0.01, ...common },
    ...{ learningRateDecay: 0, initialAccumulator: 0, epsilon: 1e-10 },
  },
  ranges: { learningRateDecay: positive, initialAccumulator: positive, epsilon: positive },
  slots: ({ initialAccumulator }) => ({ squareSum: initialAccumulator }),
  update: ({ options: { learningRateDecay, epsilon }, common: shared, slots, scalars }) =>
    adagradUpdate({
      ...shared,
      squareSum: slots["squareSum"]!,
      ...{ learningRateDecay, epsilon, step: scalars.step },
    }),
};

/** @see Duchi, Hazan & Singer 2011. */
export class Adagrad extends SlotOptimizer<AdagradOptions> {
  constructor(options: Partial<AdagradOptions> & GroupedOptions<AdagradOptions> = {}) {
    super(adagrad, options);
  }
}

export interface AdadeltaOptions extends CommonOptions {
  /** Decay of both averages (default 0.9). */
  readonly rho: number;
  /** Default 1e-6. */
  readonly epsilon: number;
}

const adadelta: UpdateRule<AdadeltaOptions> = {
  kind: "adadelta",
  name: "Adadelta",
  defaults: { learningRate: 1, ...common, rho: 0.9, epsilon: 1e-6 },
  ranges: { rho: [0, 1], epsilon: positive },
  slots: () => ({ squareAverage: 0, deltaAverage: 0 }),
  update: ({ options: { rho, epsilon }, common: shared, slots }) =>
    adadeltaUpdate({
      ...shared,
      squareAverage: slots["squareAverage"]!,
      deltaAverage: slots["deltaAverage"]!,
      ...{ rho, epsilon },
    }),
};

/** @see Zeiler 2012, algorithm 1. */
export class Adadelta extends SlotOptimizer<AdadeltaOptions> {
  constructor(options: Partial<AdadeltaOptions> & GroupedOptions<AdadeltaOptions> = {}) {
    super(adadelta, options);
  }
}

export interface RMSpropOptions extends CommonOptions {
  /** Decay of the average square (default 0.99). */
  readonly alpha: number;
  /** Default 0. */
  readonly momentum: number;
  /** Subtract the square of the average gradient (Graves 2013). Default false. */
  readonly centered: boolean;
  /** Default 1e-8. */
  readonly epsilon: number;
}

const rmsprop: UpdateRule<RMSpropOptions> = {
  kind: "rmsprop",
  name: "RMSprop",
  defaults: {
    ...{ learningRate: 0.01, ...common },
    ...{ alpha: 0.99, momentum: 0, centered: false, epsilon: 1e-8 },
  },
  ranges: { alpha: [0, 1], momentum: [0, 1], epsilon: positive },
  slots: ({ momentum, centered }): Record<string, number> => ({
    squareAverage: 0,
    ...(centered ? { gradientAverage: 0 } : {}),
    ...(momentum > 0 ? { momentumBuffer: 0 } : {}),
  }),
  update: ({ options, momentum, common: shared, slots }) => {
    const { squareAverage, gradientAverage, momentumBuffer } = slots;
    rmspropUpdate({
      ...shared,
      squareAverage: squareAverage!,
      ...(gradientAverage === undefined ? {} : { gradientAverage }),
      ...(momentumBuffer === undefined ? {} : { momentumBuffer }),
      alpha: options.alpha,
      momentum: momentumBuffer === undefined ? 0 : (momentum ?? options.momentum),
      epsilon: options.epsilon,
    });
  },
};

/** @see Tieleman & Hinton 2012, lecture 6.5. */
export class RMSprop extends SlotOptimizer<RMSpropOptions> {
  constructor(options: Partial<RMSpropOptions> & GroupedOptions<RMSpropOptions> = {}) {
    super(rmsprop, options);
  }
}

export interface RpropOptions extends CommonOptions {
  /** Factor on a value's step after a change of sign (default 0.5). */
  readonly shrink: number;
  /** Factor on it otherwise (default 1.2). */
  readonly grow: number;
  /** Default 1e-6. */
  readonly minStep: number;
  /** Default 50. */
  readonly maxStep: number;
}

const rprop: UpdateRule<RpropOptions> = {
  kind: "rprop",
  name: "Rprop",
  defaults: {
    ...{ learningRate: 0.01, ...common },
    ...{ shrink: 0.5, grow: 1.2, minStep: 1e-6, maxStep: 50 },
  },
  ranges: {
    shrink: [0, 1],
    grow: [1, 100],
    minStep: positive,
    maxStep: positive,
    weightDecay: [0, 0],
  },
  slots: ({ learningRate }) => ({ previousGradient: 0, stepSize: learningRate }),
  update: ({ options: { shrink, grow, minStep, maxStep }, common: shared, slots }) => {
    const { parameter, gradient, gradientScale, maximize } = shared;
    rpropUpdate({
      ...{ parameter, gradient, gradientScale, maximize },
      previousGradient: slots["previousGradient"]!,
      stepSize: slots["stepSize"]!,
      ...{ shrink, grow, minStep, maxStep },
    });
  },
};

/**
 * Steps by the sign of the gradient alone; for whole-batch training. The learning rate is the first step's size; a
 * schedule does not change it.
 *
 * @see Riedmiller & Braun 1993.
 */
export class Rprop extends SlotOptimizer<RpropOptions> {
  constructor(options: Partial<RpropOptions> & GroupedOptions<RpropOptions> = {}) {
    super(rprop, options);
  }
}
