/** Gradient descent: plain, with momentum, Nesterov's, and averaged. Equal to torch.optim. */
import { OptionError } from "@seq/core";
import { asgdUpdate, sgdUpdate } from "@seq/kernels";
import {
  type CommonOptions,
  type GroupedOptions,
  SlotOptimizer,
  type UpdateRule,
} from "./slot-optimizer.ts";

export interface SGDOptions extends CommonOptions {
  /** Default 0. */
  readonly momentum: number;
  /** Default 0. */
  readonly dampening: number;
  /** Default false. */
  readonly nesterov: boolean;
}

const sgd: UpdateRule<SGDOptions> = {
  kind: "sgd",
  name: "SGD",
  defaults: {
    ...{ learningRate: 0.1, weightDecay: 0, maximize: false },
    ...{ momentum: 0, dampening: 0, nesterov: false },
  },
  ranges: { momentum: [0, 1], dampening: [0, 1] },
  slots: ({ momentum }): Record<string, number> => (momentum > 0 ? { momentumBuffer: 0 } : {}),
  update: ({ options, momentum, common, slots, scalars }) => {
    const { dampening, nesterov } = options;
    const { momentumBuffer } = slots;
    // A schedule's momentum only counts where there is a buffer.
    const own = momentumBuffer === undefined ? 0 : (momentum ?? options.momentum);
    const buffer = momentumBuffer === undefined ? {} : { momentumBuffer };
    sgdUpdate({ ...common, ...buffer, momentum: own, dampening, nesterov, step: scalars.step });
  },
};

/**
 * θ' = θ - α g; with momentum v' = μ v + (1 - dampening) g and θ' = θ - α v' (Nesterov: α (g + μ v')).
 *
 * @throws {OptionError} for Nesterov without momentum or with dampening.
 * @example new SGD({ learningRate: 1, momentum: 0.9 })
 */
export class SGD extends SlotOptimizer<SGDOptions> {
  constructor(
    options: Pick<SGDOptions, "learningRate"> & Partial<SGDOptions> & GroupedOptions<SGDOptions>,
  ) {
    super(sgd, options);
    const { nesterov = false, momentum = 0, dampening = 0 } = options;
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new OptionError(
        `SGD: nesterov needs a momentum above 0 and no dampening, got momentum ${momentum} and dampening ${dampening}.`,
        { code: "OPTION_RANGE", details: { option: "nesterov", momentum, dampening } },
      );
    }
  }
}

export interface ASGDOptions extends CommonOptions {
  /** Decay of the parameters (default 1e-4). */
  readonly lambda: number;
  /** Power of the rate's decay (default 0.75). */
  readonly alpha: number;
  /** Step at which averaging begins (default 1,000,000). */
  readonly averageFrom: number;
}

const asgd: UpdateRule<ASGDOptions> = {
  kind: "asgd",
  name: "ASGD",
  defaults: {
    ...{ learningRate: 0.01, weightDecay: 0, maximize: false },
    ...{ lambda: 1e-4, alpha: 0.75, averageFrom: 1e6 },
  },
  ranges: { lambda: [0, 1], alpha: [0, 1], averageFrom: [0, Number.MAX_VALUE] },
  slots: () => ({ average: 0 }),
  scalars: () => ({ mu: 1, eta: Number.NaN }),
  update: ({ options, learningRate, common, slots, scalars }) => {
    const { lambda, alpha, averageFrom } = options;
    const average = slots["average"]!;
    // The first step's η is the learning rate, which only the step knows.
    const eta = scalars.step === 1 ? learningRate : (scalars["eta"] as number);
    const mu = scalars["mu"] as number;
    const { step } = scalars;
    Object.assign(
      scalars,
      asgdUpdate({ ...common, average, step, eta, mu, lambda, alpha, averageFrom }),
    );
  },
};

/**
 * Averaged gradient descent; `slot(name, "average")` is the average of a parameter.
 *
 * @see Polyak & Juditsky 1992.
 */
export class ASGD extends SlotOptimizer<ASGDOptions> {
  constructor(options: Partial<ASGDOptions> & GroupedOptions<ASGDOptions> = {}) {
    super(asgd, options);
  }
}
