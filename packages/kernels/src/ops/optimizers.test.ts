import { readFileSync } from "node:fs";
import { Rng, SeqError } from "@seq/core";
import { sharedPath } from "@seq-internal/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { loadKernels } from "../load.ts";
import { type UpdateName, updateFormulas } from "../reference/optimizers.ts";
import { applyUpdate } from "./apply-update.ts";
import { globalNorm } from "./global-norm.ts";
import * as ops from "./optimizers.ts";

const sizes = [1, 2, 3, 4, 5, 17, 33, 64, 1003];
const backends = ["cpu", "wasm"] as const;

/** Slots of each formula (undefined: left out) and scalars, away from 0 and 1 so that each one counts. */
const formulas: [UpdateName, slots: ("s" | undefined)[], scalars: number[]][] = [
  ["sgd", [], [0.5, Infinity, 0.1, 0.3]],
  ["sgd", [], [-2, 0.25, 0, 0.3]],
  ["sgdMomentum", ["s"], [0.5, 1, 0.1, 0.3, 0.9, 0.7, 1, 0.9]],
  ["adam", ["s", "s", undefined], [0.5, 1, 0.1, 0.97, 0.2, 0.05, 0.9, 0.1, 0.99, 0.01, 1.7, 1e-3]],
  ["adam", ["s", "s", "s"], [0.5, 1, 0.1, 1, 0.2, 0, 0.9, 0.1, 0.99, 0.01, 1.7, 1e-3]],
  ["adam", ["s", "s", undefined], [1, Infinity, 0, 1, 0.2, 0, 0.9, 0.1, 0.99, 0.01, 0, 1]],
  ["adamax", ["s", "s"], [0.5, 1, 0.1, 0.2, 0.9, 0.1, 0.99, 1e-3]],
  ["adadelta", ["s", "s"], [0.5, 1, 0.1, 0.2, 0.9, 0.1, 1e-3]],
  ["adagrad", ["s"], [0.5, 1, 0.1, 0.2, 1e-3]],
  ["rmsprop", ["s", undefined, undefined], [0.5, 1, 0.1, 0.2, 0.9, 0.1, 0.8, 1e-3]],
  ["rmsprop", ["s", "s", "s"], [0.5, 1, 0.1, 0.2, 0.9, 0.1, 0.8, 1e-1]],
  ["rprop", ["s", "s"], [0.5, 1, 0.4, 1.3, 0.2, 0.6]],
  ["asgd", ["s"], [0.5, 1, 0.1, 0.97, 0.2, 0.3]],
  ["asgd", ["s"], [0.5, 1, 0.1, 0.97, 0.2, 1]],
];

describe.each(backends)("optimizer updates on %s", (backend) => {
  beforeAll(async () => {
    await loadKernels({ backend, threads: 1 });
  });

  test.each(formulas)(
    "%s (slots %j) equals its float64 reference at sizes of all remainders",
    (name, slots, scalars) => {
      const rng = new Rng(7);
      for (const size of sizes) {
        const random = () => Float32Array.from({ length: size }, () => rng.normal());
        const positive = () => random().map((value) => Math.abs(value) + 0.1);
        const p = random();
        const g = random();
        g[0] = 0;
        const slotValues = slots.map((slot) => (slot ? positive() : undefined));
        // A mean of squares is at least the square of the mean; near it the difference is all rounding.
        if (name === "rmsprop") slotValues[0] = slotValues[0]?.map((value) => value + 9);

        const expected = [p, ...slotValues].map((v) => v && Float64Array.from(v));
        const formula = updateFormulas[name] as (...args: unknown[]) => void;
        formula(expected[0], Float64Array.from(g), ...expected.slice(1), ...scalars);

        const variables = [p, ...slotValues].map((v) => v && tf.variable(tf.tensor1d(v)));
        const gradient = tf.tensor1d(g);
        const [parameter, ...rest] = variables as [tf.Variable, ...(tf.Variable | undefined)[]];
        applyUpdate(name, name, { parameter, gradient }, rest, scalars);
        variables.forEach((variable, i) => {
          if (variable) expectClose(variable, expected[i] as Float64Array, 2e-6);
        });
        expect([...gradient.dataSync()]).toEqual([...g]);
        tf.dispose([gradient, ...variables.filter((v) => v !== undefined)]);
      }
    },
  );

  test("a gradient that is not finite reaches the parameter", () => {
    for (const [name, slots, scalars] of formulas) {
      const variables = [1, ...slots].map((slot) => slot && tf.variable(tf.ones([6])));
      const [parameter, ...rest] = variables as [tf.Variable, ...(tf.Variable | undefined)[]];
      const gradient = tf.tensor1d([0, 1, 2, 3, NaN, 5]);
      applyUpdate(name, name, { parameter, gradient }, rest, scalars);
      const values = [...parameter.dataSync()];
      expect(Number.isNaN(values[4]), name).toBe(true);
      expect(values.filter(Number.isFinite).length, name).toBe(5);
    }
  });

  test("an update never changes a tensor that shares the variable's memory", () => {
    const source = tf.tensor1d([1, 2, 3, 4, 5]);
    const parameter = tf.variable(source);
    const before = parameter.clone();
    const gradient = tf.ones([5]);
    const count = tf.memory().numTensors;
    ops.sgdUpdate({ parameter, gradient, learningRate: 0.5 });
    ops.sgdUpdate({ parameter, gradient, learningRate: 0.5 });
    expect([...parameter.dataSync()]).toEqual([0, 1, 2, 3, 4]);
    expect([...source.dataSync()]).toEqual([1, 2, 3, 4, 5]);
    expect([...before.dataSync()]).toEqual([1, 2, 3, 4, 5]);
    expect(tf.memory().numTensors).toBe(count);
  });

  test("updates leave no tensors behind", () => {
    const make = () => tf.variable(tf.ones([3, 5]));
    const update = { parameter: make(), gradient: tf.ones([3, 5]), learningRate: 0.1, step: 3 };
    const slots = { firstMoment: make(), secondMoment: make() };
    ops.adamUpdate({ ...update, ...slots });
    const before = tf.memory();
    for (let i = 0; i < 20; i++) {
      ops.adamUpdate({ ...update, ...slots });
      globalNorm([update.gradient, update.parameter]);
    }
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });

  test("clipValue clips after gradientScale, before the weight decay", () => {
    const parameter = tf.variable(tf.tensor1d([10, 10, 10]));
    const gradient = tf.tensor1d([1, -8, 0.5]);
    ops.sgdUpdate({
      parameter,
      gradient,
      learningRate: 1,
      gradientScale: 2,
      clipValue: 1.5,
      weightDecay: 0.1,
    });
    expectClose(parameter, [10 - 2.5, 10 + 0.5, 10 - 2], 1e-6);
  });

  test("the wrong shape of a gradient or slot is refused by name", () => {
    const parameter = tf.variable(tf.ones([2, 3]));
    const update = { parameter, gradient: tf.ones([3, 2]), learningRate: 1 };
    expect(() => ops.sgdUpdate(update)).toThrow(
      "sgdUpdate: gradient has shape [3, 2], expected the parameter's [2, 3].",
    );
    const slots = { firstMoment: tf.variable(tf.ones([2])), secondMoment: parameter };
    expect(() => ops.adamUpdate({ ...update, gradient: parameter, ...slots, step: 1 })).toThrow(
      "adamUpdate: a slot has shape [2], expected the parameter's [2, 3].",
    );
    try {
      ops.sgdUpdate({ ...update, gradient: parameter, momentum: 0.9 });
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("MISSING_OPTION");
    }
  });

  test("globalNorm is the root of all squares together, without float32's overflow", () => {
    expect(globalNorm([tf.tensor1d([3]), tf.tensor2d([[4]])])).toBe(5);
    expect(globalNorm([])).toBe(0);
    expect(globalNorm([tf.fill([7], 2e30)])).toBeCloseTo(2e30 * Math.sqrt(7), -24);
    expect(globalNorm([tf.tensor1d([1, Infinity])])).toBe(Infinity);
    expect(globalNorm([tf.tensor1d([1, 2, 3, 4, NaN])])).toBeNaN();
    const many = tf.fill([200_003], 0.1);
    const tenth = Math.fround(0.1);
    expect(globalNorm([many])).toBeCloseTo(Math.sqrt(200_003 * tenth * tenth), 9);
  });

  test("every case of torch's optimizers, step by step", () => {
    for (const file of ["optimizers.json", "optimizers_nadam.json"]) {
      const { cases } = JSON.parse(readFileSync(sharedPath(`goldens/torch/${file}`), "utf8"));
      for (const golden of cases) runGolden(golden);
    }
  });
});

interface Shaped {
  shape: number[];
  data: number[];
}
// biome-ignore lint/suspicious/noExplicitAny: torch's options, each of its own type.
type TorchOptions = Record<string, any>;
interface Golden {
  optimizer: string;
  options: TorchOptions;
  second_group?: Record<string, number>;
  params: Shaped[];
  grads: (Shaped | null)[][];
  expect: { params_after_step: Shaped[][]; state_after: Record<string, Shaped | number>[] };
}

/** Our slots by torch's names of the state, with the value they start at. */
function slotsOf({
  optimizer,
  options: o,
}: Golden): Record<string, [torch: string, start: number]> {
  const moments = { firstMoment: ["exp_avg", 0], secondMoment: ["exp_avg_sq", 0] } as const;
  switch (optimizer) {
    case "SGD":
      return o["momentum"] ? { momentumBuffer: ["momentum_buffer", 0] } : {};
    case "Adam":
    case "AdamW":
      return {
        ...moments,
        ...(o["amsgrad"] && { maxSecondMoment: ["max_exp_avg_sq", 0] }),
      } as never;
    case "NAdam":
    case "RAdam":
      return moments as never;
    case "Adamax":
      return { firstMoment: ["exp_avg", 0], infinityNorm: ["exp_inf", 0] };
    case "Adadelta":
      return { squareAverage: ["square_avg", 0], deltaAverage: ["acc_delta", 0] };
    case "Adagrad":
      return { squareSum: ["sum", o["initial_accumulator_value"] ?? 0] };
    case "RMSprop":
      return {
        squareAverage: ["square_avg", 0],
        ...(o["centered"] && { gradientAverage: ["grad_avg", 0] }),
        ...(o["momentum"] && { momentumBuffer: ["momentum_buffer", 0] }),
      } as never;
    case "Rprop":
      return { previousGradient: ["prev", 0], stepSize: ["step_size", o["lr"] as number] };
    case "ASGD":
      return { average: ["ax", 0] };
    default:
      throw new Error(`no slots known for ${optimizer}`);
  }
}

function runGolden(golden: Golden): void {
  const slots = slotsOf(golden);
  golden.params.forEach((start, which) => {
    const o = { ...golden.options, ...(which === 1 ? golden.second_group : {}) };
    const parameter = tf.variable(tf.tensor(start.data, start.shape));
    const variables = Object.fromEntries(
      Object.entries(slots).map(([name, [, value]]) => [
        name,
        tf.variable(tf.fill(start.shape, value)),
      ]),
    );
    let scalars = { muProduct: 1, eta: o["lr"] as number, mu: 1 };
    let step = 0;
    golden.grads.forEach((gradients, at) => {
      const given = gradients[which];
      if (given) {
        step++;
        const gradient = tf.tensor(given.data, given.shape);
        scalars = {
          ...scalars,
          ...call(golden.optimizer, o, { parameter, gradient, ...variables, ...scalars, step }),
        };
      }
      const expected = golden.expect.params_after_step[at]?.[which] as Shaped;
      expectClose(parameter, expected.data, 1e-5, `${golden.optimizer} ${JSON.stringify(o)}`);
    });
    const state = golden.expect.state_after[which] ?? {};
    for (const [name, [torch]] of Object.entries(slots)) {
      const expected = state[torch] as Shaped | undefined;
      if (expected)
        expectClose(
          variables[name] as tf.Variable,
          expected.data,
          1e-5,
          `${golden.optimizer}.${torch}`,
        );
    }
    if (state["mu_product"] !== undefined)
      expect(scalars.muProduct).toBeCloseTo(state["mu_product"] as number, 7);
    if (state["eta"] !== undefined) expect(scalars.eta).toBeCloseTo(Number(state["eta"]), 7);
    if (state["mu"] !== undefined) expect(scalars.mu).toBeCloseTo(Number(state["mu"]), 7);
  });
}

/** The update of torch's optimizer and options. */
function call(optimizer: string, o: TorchOptions, slots: Record<string, unknown>): object {
  const defined = (names: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(names).filter(([, value]) => value !== undefined));
  const [beta1, beta2] = (o["betas"] as number[] | undefined) ?? [];
  const [shrink, grow] = (o["etas"] as number[] | undefined) ?? [];
  const update = {
    ...slots,
    ...defined({
      learningRate: o["lr"],
      weightDecay: o["weight_decay"],
      maximize: o["maximize"],
      momentum: o["momentum"],
      dampening: o["dampening"],
      nesterov: o["nesterov"],
      beta1,
      beta2,
      epsilon: o["eps"],
      momentumDecay: o["momentum_decay"],
      alpha: o["alpha"],
      rho: o["rho"],
      learningRateDecay: o["lr_decay"],
      shrink,
      grow,
      lambda: o["lambd"],
      averageFrom: o["t0"],
    }),
  } as never;
  switch (optimizer) {
    case "SGD":
      return ops.sgdUpdate(update) ?? {};
    case "Adam":
      return ops.adamUpdate(update) ?? {};
    case "AdamW":
      return ops.adamwUpdate(update) ?? {};
    case "NAdam":
      return { muProduct: ops.nadamUpdate(update) };
    case "RAdam":
      return ops.radamUpdate(update) ?? {};
    case "Adamax":
      return ops.adamaxUpdate(update) ?? {};
    case "Adadelta":
      return ops.adadeltaUpdate(update) ?? {};
    case "Adagrad":
      return ops.adagradUpdate(update) ?? {};
    case "RMSprop":
      return ops.rmspropUpdate(update) ?? {};
    case "Rprop":
      return ops.rpropUpdate(update) ?? {};
    case "ASGD":
      return ops.asgdUpdate(update);
    default:
      throw new Error(`no update known for ${optimizer}`);
  }
}

function expectClose(
  tensor: tf.Tensor,
  expected: ArrayLike<number>,
  tolerance: number,
  label = "",
): void {
  const values = tensor.dataSync();
  expect(values.length).toBe(expected.length);
  for (let i = 0; i < values.length; i++) {
    const e = expected[i] as number;
    const difference = Math.abs((values[i] as number) - e);
    if (!(difference <= tolerance * Math.max(1, Math.abs(e)))) {
      expect.fail(`${label} [${i}] of ${values.length}: ${values[i]}, expected ${e}`);
    }
  }
}
