/** torch.optim.lr_scheduler's names and options in our terms: to move a recipe over, and for the oracle tests. */
import { OptionError } from "@seq/core";
import { chained, sequential } from "./compose.ts";
import { cosine, cosineWarmRestarts } from "./cosine.ts";
import { cyclic, oneCycle } from "./cyclic.ts";
import { constant, exponential, linear, multiStep, polynomial, stepDecay } from "./decay.ts";
import { plateau } from "./plateau.ts";
import type { Schedule } from "./schedule.types.ts";

type TorchOptions = Readonly<Record<string, unknown>>;

/** Torch name of an option, ours, and how its value changes. */
type Renames = Readonly<Record<string, string | readonly [string, (value: never) => unknown]>>;

const betterOf = { min: "lower", max: "higher" } as const;
const modeOf = { rel: "relative", abs: "absolute" } as const;
const cyclicShapes = {
  triangular: "triangular",
  triangular2: "triangular2",
  exp_range: "exponential",
} as const;

/**
 * @param name - the class: `"StepLR"`, `"OneCycleLR"` ...
 * @param options - its keyword arguments.
 * @throws {OptionError} `UNKNOWN_OPTION` for a scheduler or an option that we do not have.
 * @example scheduleFromTorch("StepLR", { step_size: 3, gamma: 0.5 })
 */
export function scheduleFromTorch(name: string, options: TorchOptions): Schedule {
  const take = (renames: Renames, given = options): never => rename(name, given, renames) as never;
  switch (name) {
    case "ConstantLR":
      return constant(take({ factor: "factor", total_iters: "steps" }, withDefaults(options, { factor: 1 / 3, total_iters: 5 }))); // biome-ignore format: one line each
    case "StepLR":
      return stepDecay(take({ step_size: "every", gamma: "factor" }));
    case "MultiStepLR":
      return multiStep(take({ milestones: "milestones", gamma: "factor" }));
    case "ExponentialLR":
      return exponential(take({ gamma: "factor" }));
    case "LinearLR":
      return linear(
        take(
          { start_factor: "startFactor", end_factor: "endFactor", total_iters: "steps" },
          withDefaults(options, { total_iters: 5 }),
        ),
      );
    case "PolynomialLR":
      return polynomial(
        take({ total_iters: "steps", power: "power" }, withDefaults(options, { total_iters: 5 })),
      );
    case "CosineAnnealingLR":
      return cosine(take({ T_max: "steps", eta_min: "minimum" }));
    case "CosineAnnealingWarmRestarts":
      return cosineWarmRestarts(
        take({ T_0: "firstPeriod", T_mult: "periodFactor", eta_min: "minimum" }),
      );
    case "CyclicLR":
      return cyclic(
        take({
          base_lr: "minimum",
          max_lr: "maximum",
          step_size_up: "stepsUp",
          step_size_down: "stepsDown",
          mode: ["shape", (mode: keyof typeof cyclicShapes) => cyclicShapes[mode]],
          gamma: "factor",
          cycle_momentum: ["momentum", (cycle: boolean) => (cycle ? [0.8, 0.9] : null)],
        }),
      );
    case "OneCycleLR": {
      const { epochs, steps_per_epoch: perEpoch, ...rest } = options;
      const total = { total_steps: Number(epochs) * Number(perEpoch) };
      return oneCycle(
        take(
          {
            max_lr: "peak",
            total_steps: "steps",
            pct_start: "riseFraction",
            div_factor: "startDivisor",
            final_div_factor: "endDivisor",
            anneal_strategy: ["shape", (shape: string) => (shape === "cos" ? "cosine" : shape)],
            three_phase: "threePhase",
            cycle_momentum: ["momentum", (cycle: boolean) => (cycle ? [0.85, 0.95] : null)],
          },
          epochs === undefined ? rest : withDefaults(rest, total),
        ),
      );
    }
    case "ReduceLROnPlateau":
      return plateau(
        take({
          mode: ["better", (mode: keyof typeof betterOf) => betterOf[mode]],
          factor: "factor",
          patience: "patience",
          threshold: "threshold",
          threshold_mode: ["thresholdMode", (mode: keyof typeof modeOf) => modeOf[mode]],
          cooldown: "cooldown",
          min_lr: "minimum",
        }),
      );
    case "SequentialLR":
      return sequential(parts(options), { milestones: options["milestones"] as readonly number[] });
    case "ChainedScheduler":
      return chained(parts(options));
    default:
      throw new OptionError(`scheduleFromTorch: no schedule like torch's "${name}".`, {
        code: "UNKNOWN_OPTION",
        details: { option: "name", value: name },
      });
  }
}

function parts(options: TorchOptions): readonly Schedule[] {
  const list = options["schedulers"] as readonly (readonly [string, TorchOptions])[];
  return list.map(([name, inner]) => scheduleFromTorch(name, inner));
}

function withDefaults(options: TorchOptions, defaults: TorchOptions): TorchOptions {
  return { ...defaults, ...options };
}

function rename(name: string, options: TorchOptions, renames: Renames): Record<string, unknown> {
  const renamed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    const rule = Object.hasOwn(renames, key) ? renames[key] : undefined;
    if (rule === undefined) {
      throw new OptionError(
        `scheduleFromTorch: ${name} has no option "${key}" here; expected one of ${Object.keys(renames).join(", ")}.`,
        { code: "UNKNOWN_OPTION", details: { option: key } },
      );
    }
    if (typeof rule === "string") renamed[rule] = value;
    else renamed[rule[0]] = rule[1](value as never);
  }
  return renamed;
}
