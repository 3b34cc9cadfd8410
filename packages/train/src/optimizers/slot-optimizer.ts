/**
 * What all optimizers share: slots (tensors kept for each parameter), counters, parameter groups, and state that can be
 * saved. A method itself is an `UpdateRule` over one of the kernels' in-place updates.
 */
import { checkNumber, checkOptions, FormatError, OptionError } from "@seq/core";
import { fill, type Tensor, tensor, tidy, type Variable, variable } from "@tensorflow/tfjs-core";
import type { Optimizer, OptimizerSlot, OptimizerState, OptimizerStep } from "./optimizer.types.ts";

/** Options of every method. */
export interface CommonOptions {
  readonly learningRate: number;
  /** Adds weightDecay times the parameter to its gradient (AdamW shrinks the parameter instead). */
  readonly weightDecay: number;
  /** Climb instead of descend. */
  readonly maximize: boolean;
}

/** Options for some of the parameters; the first group that matches a name counts. */
export type ParameterGroup<O extends CommonOptions> = Partial<O> & {
  /** A list of names, a pattern, or a function of the name. */
  readonly match: readonly string[] | RegExp | ((name: string) => boolean);
};

export interface GroupedOptions<O extends CommonOptions> {
  readonly groups?: readonly ParameterGroup<O>[];
}

/** What a rule gets for one parameter at one step. */
interface RuleUpdate<O extends CommonOptions> {
  readonly options: O;
  readonly learningRate: number;
  readonly momentum: number | undefined;
  /** What the kernels' updates all take. */
  readonly common: {
    readonly parameter: Variable;
    readonly gradient: Tensor;
    readonly gradientScale: number;
    readonly learningRate: number;
    readonly weightDecay: number;
    readonly maximize: boolean;
  };
  readonly slots: Readonly<Record<string, Variable>>;
  /** Numbers kept for the parameter; the rule may change them. `step` is 1 at the first update. */
  readonly scalars: Record<string, number> & { step: number };
}

export interface UpdateRule<O extends CommonOptions> {
  readonly kind: string;
  /** The class, for messages. */
  readonly name: string;
  readonly defaults: O;
  /** Bounds (inclusive) of the method's numbers. */
  readonly ranges: Readonly<Record<string, readonly [min: number, max: number]>>;
  /** Names of the slots and what they are filled with at first. */
  slots(options: O): Readonly<Record<string, number>>;
  /** Numbers kept for a parameter beside `step`, as they are at first. */
  scalars?(options: O): Readonly<Record<string, number>>;
  update(update: RuleUpdate<O>): void;
}

interface Memory<O> {
  readonly options: O;
  readonly slots: Record<string, Variable>;
  readonly scalars: Record<string, number> & { step: number };
}

const commonRanges = {
  learningRate: [0, Number.MAX_VALUE],
  weightDecay: [0, Number.MAX_VALUE],
} as const;

export class SlotOptimizer<O extends CommonOptions> implements Optimizer {
  readonly #rule: UpdateRule<O>;
  readonly #options: O;
  readonly #groups: readonly { matches: (name: string) => boolean; options: O }[];
  readonly #memories = new Map<string, Memory<O>>();

  constructor(rule: UpdateRule<O>, options: Partial<O> & GroupedOptions<O>) {
    const { groups = [], ...own } = options;
    this.#rule = rule;
    this.#options = this.#check(rule.name, own as Partial<O>, rule.defaults);
    this.#groups = groups.map(({ match, ...overrides }, i) => ({
      matches: matcher(`${rule.name}: groups[${i}]`, match),
      options: this.#check(
        `${rule.name}: groups[${i}]`,
        overrides as unknown as Partial<O>,
        this.#options,
      ),
    }));
  }

  get kind(): string {
    return this.#rule.kind;
  }

  get learningRate(): number {
    return this.#options.learningRate;
  }

  step(
    parameters: ReadonlyMap<string, Variable>,
    gradients: ReadonlyMap<string, Tensor>,
    { rate = (base) => base, momentum, gradientScale = 1 }: OptimizerStep = {},
  ): void {
    for (const [name, parameter] of parameters) {
      const gradient = gradients.get(name);
      if (gradient === undefined) continue;
      const { options, slots, scalars } = this.#memory(name, parameter);
      const learningRate = rate(options.learningRate);
      scalars.step++;
      const { weightDecay, maximize } = options;
      const common = {
        ...{ parameter, gradient, gradientScale, learningRate, weightDecay, maximize },
      };
      this.#rule.update({ options, learningRate, momentum, common, slots, scalars });
    }
  }

  /** A tensor kept for a parameter, for reading (`"average"` of ASGD); `undefined` before its first update. */
  slot(parameter: string, slot: string): Variable | undefined {
    return this.#memories.get(parameter)?.slots[slot];
  }

  state(): OptimizerState {
    const scalars: Record<string, Record<string, number>> = Object.create(null);
    const slots: OptimizerSlot[] = [];
    for (const [parameter, memory] of this.#memories) {
      scalars[parameter] = { ...memory.scalars };
      for (const [slot, kept] of Object.entries(memory.slots)) {
        // A backend may hand out its own array: copy it.
        const values = new Float32Array(kept.dataSync() as Float32Array);
        slots.push({ parameter, slot, shape: [...kept.shape], values });
      }
    }
    return { kind: this.kind, scalars, slots };
  }

  restore(state: OptimizerState): void {
    const { kind, name } = this.#rule;
    if (state?.kind !== kind) {
      throw new FormatError(
        `${name}.restore: the state was saved by "${state?.kind}", this optimizer is "${kind}"; use the same optimizer, or start without its state.`,
        { code: "OPTIMIZER_STATE", details: { found: state?.kind, expected: kind } },
      );
    }
    this.dispose();
    for (const [parameter, saved] of Object.entries(state.scalars)) {
      const options = this.#optionsOf(parameter);
      const slots: Record<string, Variable> = {};
      for (const slot of Object.keys(this.#rule.slots(options))) {
        const found = state.slots.find((s) => s.parameter === parameter && s.slot === slot);
        if (found === undefined) {
          throw new FormatError(
            `${name}.restore: the state of "${parameter}" has no "${slot}"; it was saved with other options.`,
            { code: "OPTIMIZER_STATE", details: { parameter, slot } },
          );
        }
        slots[slot] = tidy(() => variable(tensor(found.values, [...found.shape]), false));
      }
      this.#memories.set(parameter, { options, slots, scalars: { step: 0, ...saved } });
    }
  }

  dispose(): void {
    for (const { slots } of this.#memories.values()) {
      for (const kept of Object.values(slots)) kept.dispose();
    }
    this.#memories.clear();
  }

  #memory(name: string, parameter: Variable): Memory<O> {
    let memory = this.#memories.get(name);
    if (memory === undefined) {
      const options = this.#optionsOf(name);
      const slots: Record<string, Variable> = {};
      for (const [slot, value] of Object.entries(this.#rule.slots(options))) {
        slots[slot] = tidy(() => variable(fill(parameter.shape, value), false));
      }
      memory = { options, slots, scalars: { step: 0, ...this.#rule.scalars?.(options) } };
      this.#memories.set(name, memory);
    }
    return memory;
  }

  #optionsOf(name: string): O {
    return this.#groups.find(({ matches }) => matches(name))?.options ?? this.#options;
  }

  #check(where: string, given: Partial<O>, defaults: O): O {
    checkOptions(where, given, Object.keys(defaults));
    const options: O = { ...defaults, ...given };
    for (const [option, [min, max]] of Object.entries({ ...commonRanges, ...this.#rule.ranges })) {
      checkNumber(where, option, options[option as keyof O], { min, max });
    }
    return options;
  }
}

function matcher(where: string, match: unknown): (name: string) => boolean {
  if (typeof match === "function") return match as (name: string) => boolean;
  if (match instanceof RegExp) return (name) => new RegExp(match.source, match.flags).test(name);
  if (Array.isArray(match)) return (name) => match.includes(name);
  throw new OptionError(
    `${where}: match is ${JSON.stringify(match)}, expected a list of names, a pattern or a function.`,
    { code: "OPTION_RANGE", details: { option: "match", value: match } },
  );
}
