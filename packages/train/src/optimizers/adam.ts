/** Adam and its family. Equal to torch.optim. */
import { adamaxUpdate, adamUpdate, adamwUpdate, nadamUpdate, radamUpdate } from "@seq/kernels";
import {
  type CommonOptions,
  type GroupedOptions,
  SlotOptimizer,
  type UpdateRule,
} from "./slot-optimizer.ts";

export interface AdamFamilyOptions extends CommonOptions {
  /** Decay of the first moment (default 0.9). */
  readonly beta1: number;
  /** Decay of the second moment (default 0.999). */
  readonly beta2: number;
  /** Default 1e-8. */
  readonly epsilon: number;
}

export interface AdamOptions extends AdamFamilyOptions {
  /** Divide by the largest second moment so far (Reddi et al. 2018). Default false. */
  readonly amsgrad: boolean;
}

const common = { weightDecay: 0, maximize: false } as const;
const betas = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
const ranges = { beta1: [0, 1], beta2: [0, 1], epsilon: [0, Number.MAX_VALUE] } as const;

function adamRule(
  kind: string,
  name: string,
  weightDecay: number,
  apply: typeof adamUpdate,
): UpdateRule<AdamOptions> {
  return {
    kind,
    name,
    defaults: { learningRate: 1e-3, ...common, weightDecay, ...betas, amsgrad: false },
    ranges,
    slots: ({ amsgrad }): Record<string, number> =>
      amsgrad
        ? { firstMoment: 0, secondMoment: 0, maxSecondMoment: 0 }
        : { firstMoment: 0, secondMoment: 0 },
    update: ({ options, momentum, common: shared, slots, scalars }) => {
      const { firstMoment, secondMoment, maxSecondMoment } = slots;
      apply({
        ...shared,
        firstMoment: firstMoment!,
        secondMoment: secondMoment!,
        ...(maxSecondMoment === undefined ? {} : { maxSecondMoment }),
        beta1: momentum ?? options.beta1,
        beta2: options.beta2,
        epsilon: options.epsilon,
        step: scalars.step,
      });
    },
  };
}

/**
 * m' = β1 m + (1 - β1) g,  v' = β2 v + (1 - β2) g²,  θ' = θ - α m̂ / (√v̂ + ε), with m̂ = m' / (1 - β1^t), v̂ likewise.
 *
 * @see Kingma & Ba 2015, algorithm 1.
 * @example new Adam({ learningRate: 1e-3 })
 */
export class Adam extends SlotOptimizer<AdamOptions> {
  constructor(options: Partial<AdamOptions> & GroupedOptions<AdamOptions> = {}) {
    super(adamRule("adam", "Adam", 0, adamUpdate), options);
  }
}

/**
 * Adam whose decay (default 0.01) shrinks the parameters and stays out of the moments.
 *
 * @see Loshchilov & Hutter 2019, algorithm 2.
 */
export class AdamW extends SlotOptimizer<AdamOptions> {
  constructor(options: Partial<AdamOptions> & GroupedOptions<AdamOptions> = {}) {
    super(adamRule("adamw", "AdamW", 0.01, adamwUpdate), options);
  }
}

export interface NAdamOptions extends AdamFamilyOptions {
  /** Default 0.004. */
  readonly momentumDecay: number;
}

const nadam: UpdateRule<NAdamOptions> = {
  kind: "nadam",
  name: "NAdam",
  defaults: { learningRate: 2e-3, ...common, ...betas, momentumDecay: 4e-3 },
  ranges: { ...ranges, momentumDecay: [0, 1] },
  slots: () => ({ firstMoment: 0, secondMoment: 0 }),
  scalars: () => ({ muProduct: 1 }),
  update: ({ options, common: shared, slots, scalars }) => {
    const { beta1, beta2, epsilon, momentumDecay } = options;
    scalars["muProduct"] = nadamUpdate({
      ...shared,
      firstMoment: slots["firstMoment"]!,
      secondMoment: slots["secondMoment"]!,
      ...{ beta1, beta2, epsilon, momentumDecay },
      muProduct: scalars["muProduct"] as number,
      step: scalars.step,
    });
  },
};

/** Adam with Nesterov's momentum. @see Dozat 2016. */
export class NAdam extends SlotOptimizer<NAdamOptions> {
  constructor(options: Partial<NAdamOptions> & GroupedOptions<NAdamOptions> = {}) {
    super(nadam, options);
  }
}

const radam: UpdateRule<AdamFamilyOptions> = {
  kind: "radam",
  name: "RAdam",
  defaults: { learningRate: 1e-3, ...common, ...betas },
  ranges,
  slots: () => ({ firstMoment: 0, secondMoment: 0 }),
  update: ({ options, momentum, common: shared, slots, scalars }) =>
    radamUpdate({
      ...shared,
      firstMoment: slots["firstMoment"]!,
      secondMoment: slots["secondMoment"]!,
      beta1: momentum ?? options.beta1,
      beta2: options.beta2,
      epsilon: options.epsilon,
      step: scalars.step,
    }),
};

/** Adam with a rectified rate in its first steps. @see Liu et al. 2020, algorithm 2. */
export class RAdam extends SlotOptimizer<AdamFamilyOptions> {
  constructor(options: Partial<AdamFamilyOptions> & GroupedOptions<AdamFamilyOptions> = {}) {
    super(radam, options);
  }
}

const adamax: UpdateRule<AdamFamilyOptions> = {
  kind: "adamax",
  name: "Adamax",
  defaults: { learningRate: 2e-3, ...common, ...betas },
  ranges,
  slots: () => ({ firstMoment: 0, infinityNorm: 0 }),
  update: ({ options, momentum, common: shared, slots, scalars }) =>
    adamaxUpdate({
      ...shared,
      firstMoment: slots["firstMoment"]!,
      infinityNorm: slots["infinityNorm"]!,
      beta1: momentum ?? options.beta1,
      beta2: options.beta2,
      epsilon: options.epsilon,
      step: scalars.step,
    }),
};

/** Adam over the infinity norm. @see Kingma & Ba 2015, algorithm 2. */
export class Adamax extends SlotOptimizer<AdamFamilyOptions> {
  constructor(options: Partial<AdamFamilyOptions> & GroupedOptions<AdamFamilyOptions> = {}) {
    super(adamax, options);
  }
}
