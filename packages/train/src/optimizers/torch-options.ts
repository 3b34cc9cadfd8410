/** torch.optim's names and options in our terms: to move a recipe over, and for the oracle tests. */
import { OptionError } from "@seq/core";
import { Adam, Adamax, AdamW, NAdam, RAdam } from "./adam.ts";
import { Adadelta, Adagrad, RMSprop, Rprop } from "./adaptive.ts";
import type { Optimizer } from "./optimizer.types.ts";
import { ASGD, SGD } from "./sgd.ts";

type TorchOptions = Readonly<Record<string, unknown>>;

/** Torch name of an option, and our name, or our names for the parts of a pair. */
type Renames = Readonly<Record<string, string | readonly [string, string]>>;

const common: Renames = {
  lr: "learningRate",
  weight_decay: "weightDecay",
  maximize: "maximize",
};
const adamFamily: Renames = { ...common, betas: ["beta1", "beta2"], eps: "epsilon" };

// biome-ignore format: a table
const methods: Readonly<Record<string, readonly [make: (options: never) => Optimizer, Renames]>> = {
  SGD: [(o) => new SGD(o), { ...common, momentum: "momentum", dampening: "dampening", nesterov: "nesterov" }],
  ASGD: [(o) => new ASGD(o), { ...common, lambd: "lambda", alpha: "alpha", t0: "averageFrom" }],
  Adam: [(o) => new Adam(o), { ...adamFamily, amsgrad: "amsgrad" }],
  AdamW: [(o) => new AdamW(o), { ...adamFamily, amsgrad: "amsgrad" }],
  NAdam: [(o) => new NAdam(o), { ...adamFamily, momentum_decay: "momentumDecay" }],
  RAdam: [(o) => new RAdam(o), adamFamily],
  Adamax: [(o) => new Adamax(o), adamFamily],
  Adagrad: [(o) => new Adagrad(o), { ...common, lr_decay: "learningRateDecay", initial_accumulator_value: "initialAccumulator", eps: "epsilon" }],
  Adadelta: [(o) => new Adadelta(o), { ...common, rho: "rho", eps: "epsilon" }],
  RMSprop: [(o) => new RMSprop(o), { ...common, alpha: "alpha", momentum: "momentum", centered: "centered", eps: "epsilon" }],
  Rprop: [(o) => new Rprop(o), { ...common, etas: ["shrink", "grow"], step_sizes: ["minStep", "maxStep"] }],
};

/**
 * @param name - the class: `"SGD"`, `"AdamW"` ...
 * @param options - its keyword arguments.
 * @param groups - options that differ for some parameters, by names.
 * @throws {OptionError} `UNKNOWN_OPTION` for an optimizer or an option that we do not have.
 * @example optimizerFromTorch("Adam", { lr: 1e-3, betas: [0.9, 0.98] })
 */
export function optimizerFromTorch(
  name: string,
  options: TorchOptions,
  groups: readonly { readonly names: readonly string[]; readonly options: TorchOptions }[] = [],
): Optimizer {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) {
    throw new OptionError(`optimizerFromTorch: no optimizer like torch's "${name}".`, {
      code: "UNKNOWN_OPTION",
      details: { option: "name", value: name },
    });
  }
  const [make, renames] = method;
  const ours = groups.map((group) => ({
    ...rename(name, group.options, renames),
    match: group.names,
  }));
  return make({ ...rename(name, options, renames), groups: ours } as never);
}

function rename(name: string, options: TorchOptions, renames: Renames): Record<string, unknown> {
  const renamed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    const target = Object.hasOwn(renames, key) ? renames[key] : undefined;
    if (target === undefined) {
      throw new OptionError(
        `optimizerFromTorch: ${name} has no option "${key}" here; expected one of ${Object.keys(renames).join(", ")}.`,
        { code: "UNKNOWN_OPTION", details: { option: key } },
      );
    }
    if (typeof target === "string") renamed[target] = value;
    else for (const [i, part] of target.entries()) renamed[part] = (value as unknown[])[i];
  }
  return renamed;
}
