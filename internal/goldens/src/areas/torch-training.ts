/** torch.optim, its learning-rate schedulers, and gradient clipping. */
import {
  clipGradientNorm,
  clipGradientValue,
  optimizerFromTorch,
  type ScheduleMoment,
  scheduleFromTorch,
} from "@seq/train";
import * as tf from "@tensorflow/tfjs-core";
import { Checks, differenceOfLists, differenceOfNumbers } from "../check.ts";
import type { Area } from "../types.ts";
import {
  differenceOfTensor,
  firstDifference,
  isTorchFile,
  type OracleTensor,
  onBothBackends,
  runCase,
  toTensor,
  toVariable,
} from "./torch-tensors.ts";

// biome-ignore lint/suspicious/noExplicitAny: oracle cases as they come.
type Example = any;

/** Float32 against torch's float64, over at most eight steps. */
const tolerance = 5e-6;

const torchOptimizers: Area = {
  name: "torch optimizers",
  recognises: (file) => isTorchFile(file, ["optimizer", "params", "grads"]),
  async run({ json }) {
    const checks = new Checks();
    await onBothBackends(async (backend) => {
      for (const [c, example] of json.cases.entries()) {
        const label = `${backend} cases[${c}] ${example.optimizer}`;
        await runCase(checks, label, () => runOptimizer(example));
      }
    });
    return checks.verdict();
  },
};

/** Parameters after every step, and what the optimizer remembers after the last. */
function runOptimizer({
  optimizer: name,
  options,
  second_group,
  params,
  grads,
  expect,
}: Example): string | undefined {
  const groups = second_group ? [{ names: ["1"], options: second_group }] : [];
  const optimizer = optimizerFromTorch(name, options, groups);
  const parameters = new Map<string, tf.Variable>(
    params.map((p: OracleTensor, i: number) => [String(i), toVariable(p)]),
  );
  try {
    for (const [step, row] of grads.entries()) {
      const gradients = new Map<string, tf.Tensor>();
      row.forEach((gradient: OracleTensor | null, i: number) => {
        if (gradient !== null) gradients.set(String(i), toTensor(gradient));
      });
      optimizer.step(parameters, gradients);
      tf.dispose([...gradients.values()]);
      const expected: OracleTensor[] = expect.params_after_step[step];
      const difference = firstDifference(
        expected.map((tensor, i) =>
          differenceOfTensor(
            `step ${step + 1}: parameter ${i}`,
            parameters.get(String(i)),
            tensor,
            tolerance,
          ),
        ),
      );
      if (difference !== undefined) return difference;
    }
    return differenceOfState(optimizer.state(), expect.state_after);
  } finally {
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  }
}

/** torch's names of what an optimizer remembers, and ours. */
const memoryNames: Readonly<Record<string, string>> = {
  exp_avg: "firstMoment",
  exp_avg_sq: "secondMoment",
  max_exp_avg_sq: "maxSecondMoment",
  exp_inf: "infinityNorm",
  momentum_buffer: "momentumBuffer",
  square_avg: "squareAverage",
  grad_avg: "gradientAverage",
  acc_delta: "deltaAverage",
  sum: "squareSum",
  prev: "previousGradient",
  step_size: "stepSize",
  ax: "average",
  mu_product: "muProduct",
  step: "step",
  eta: "eta",
  mu: "mu",
};

function differenceOfState(
  state: ReturnType<ReturnType<typeof optimizerFromTorch>["state"]>,
  expected: readonly (Readonly<Record<string, OracleTensor | number | null>> | null)[],
): string | undefined {
  for (const [i, memory] of expected.entries()) {
    for (const [theirs, value] of Object.entries(memory ?? {})) {
      const ours = memoryNames[theirs];
      if (ours === undefined) return `torch remembers ${theirs}, which has no name here`;
      if (value === null) continue; // a buffer that torch has not made yet
      const parameter = String(i);
      const name = `${ours} of parameter ${parameter}`;
      const slot = state.slots.find((s) => s.parameter === parameter && s.slot === ours);
      const difference =
        typeof value === "number"
          ? differenceOfNumbers(name, [state.scalars[parameter]?.[ours] as number], [value], 1e-6)
          : (differenceOfLists(`${name}, shape`, slot?.shape ?? [], value.shape) ??
            differenceOfNumbers(name, slot?.values ?? [], value.data, tolerance));
      if (difference !== undefined) return difference;
    }
  }
  return undefined;
}

const torchSchedulers: Area = {
  name: "torch schedulers",
  recognises: (file) => isTorchFile(file, ["scheduler", "base_lr", "options"]),
  async run({ json }) {
    const checks = new Checks();
    for (const [c, example] of json.cases.entries()) {
      await checks.run(`cases[${c}] ${example.scheduler}`, () => runScheduler(example));
    }
    return checks.verdict();
  },
};

function runScheduler({
  scheduler,
  base_lr,
  options,
  metrics,
  expect,
}: Example): string | undefined {
  const schedule = scheduleFromTorch(scheduler, options);
  const rates: number[] = [];
  const momenta: number[] = [];
  const at = (step: number): ScheduleMoment => ({ step, epoch: 0 });
  for (let step = 0; step < expect.lr.length; step++) {
    rates.push(schedule.rate(at(step), base_lr));
    momenta.push(schedule.momentum?.(at(step)) ?? Number.NaN);
    if (metrics?.[step] !== undefined) schedule.observe?.(metrics[step]);
  }
  // The rates have 15 digits, the momenta 9.
  const difference =
    differenceOfNumbers("lr", rates, expect.lr, 1e-13) ??
    (schedule.momentum && differenceOfNumbers("momentum", momenta, expect.momentum_or_beta1, 1e-8));
  if (difference !== undefined || expect.error === undefined) return difference;
  try {
    schedule.rate(at(expect.lr.length), base_lr);
    return `gives a rate where torch says: ${expect.error.message}`;
  } catch {
    return undefined;
  }
}

const torchClipping: Area = {
  name: "torch clipping",
  recognises: (file) =>
    isTorchFile(file, ["op", "grads"]) && file.json.cases[0].op.startsWith("clip_grad"),
  async run({ json }) {
    const checks = new Checks();
    await onBothBackends(async (backend) => {
      for (const [c, example] of json.cases.entries()) {
        await runCase(checks, `${backend} cases[${c}]`, () => runClipping(example));
      }
    });
    return checks.verdict();
  },
};

function runClipping({
  op,
  max_norm,
  norm_type,
  error_if_nonfinite,
  clip_value,
  grads,
  expect,
}: Example): string | undefined {
  const gradients: tf.Tensor[] = grads.map(toTensor);
  let clipped: tf.Tensor[] = [];
  try {
    if (op === "clip_grad_value_") {
      clipped = clipGradientValue(gradients, clip_value);
    } else {
      const normType = norm_type === "inf" ? Number.POSITIVE_INFINITY : norm_type;
      const settings = { maxNorm: max_norm, normType, refuseNonFinite: error_if_nonfinite };
      if (expect.error !== undefined) return differenceOfError(gradients, settings);
      const result = clipGradientNorm(gradients, settings);
      clipped = result.gradients;
      const difference = differenceOfNumbers("norm", [result.norm], [expect.total_norm], 1e-6);
      if (difference !== undefined) return difference;
    }
    return firstDifference(
      clipped.map((tensor, i) =>
        differenceOfTensor(`gradient ${i}`, tensor, expect.grads[i], tolerance),
      ),
    );
  } finally {
    tf.dispose([...gradients, ...clipped]);
  }
}

function differenceOfError(
  gradients: tf.Tensor[],
  settings: Parameters<typeof clipGradientNorm>[1],
): string | undefined {
  try {
    tf.dispose(clipGradientNorm(gradients, settings).gradients);
    return "clips what torch refuses";
  } catch {
    return undefined;
  }
}

export const torchTraining: readonly Area[] = [torchOptimizers, torchSchedulers, torchClipping];
