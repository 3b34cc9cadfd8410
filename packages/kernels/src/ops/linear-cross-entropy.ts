import {
  customGrad,
  type GradSaveFunc,
  mul,
  type Tensor,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";
import { checkFloat, checkInt, checkShape } from "./check.ts";
import { hasKernel, isRecording, runKernel } from "./dispatch.ts";
import { linearCrossEntropyGradientKernel, linearCrossEntropyKernel } from "./kernel-names.ts";
import { linear } from "./linear.ts";
import {
  type CrossEntropyOptions,
  checkedOptions,
  softmaxCrossEntropy,
} from "./softmax-cross-entropy.ts";

/**
 * `softmaxCrossEntropy(linear(x, weight, bias), targets, options)`; on WASM the logits are made in chunks of
 * rows and never held all at once. While gradients are recorded, forward makes them in the same pass. Rows
 * whose target is ignored cost nothing.
 *
 * @param x - `[N, H]`, float32.
 * @param weight - `[V, H]`.
 * @param bias - `[V]` or null.
 * @param targets - `[N]`, int32, each 0..V-1 or `ignoreIndex`.
 * @returns a scalar, or `[N]` for reduction "none"; the caller disposes it.
 * @throws {ShapeError} when sizes contradict each other.
 * @throws {OptionError} `TARGET_RANGE` when a target is no class.
 */
export function linearCrossEntropy(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  targets: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  const where = "linearCrossEntropy";
  checkShape(where, "x", x, ["N", "H"]);
  checkFloat(where, "x", x);
  const [rows, inputSize] = x.shape as [number, number];
  checkShape(where, "weight", weight, ["V", inputSize]);
  const classes = weight.shape[0] as number;
  if (bias) checkShape(where, "bias", bias, [classes]);
  checkShape(where, "targets", targets, [rows]);
  checkInt(where, "targets", targets);
  const { classWeights, ...checked } = checkedOptions(where, options, classes);
  if (!hasKernel(linearCrossEntropyKernel)) {
    return tidy(() => softmaxCrossEntropy(linear(x, weight, bias), targets, options));
  }
  return tidy(() => {
    const inputs = {
      x,
      weight,
      bias: bias ?? tensor1d([]),
      targets,
      classWeights: classWeights ?? tensor1d([]),
    };
    const attributes = { ...checked, where };
    return attributes.reduction === "none"
      ? lossPerRow(inputs, attributes)
      : oneLoss(inputs, { ...attributes, withGradients: isRecording() });
  });
}

interface Inputs {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly targets: Tensor;
  readonly classWeights: Tensor;
}

/** The gradients for dy = 1 come with the loss; backward only scales them. */
function oneLoss(inputs: Inputs, attributes: object): Tensor {
  const run = customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [value, ...gradients] = runKernel(
      linearCrossEntropyKernel,
      { ...inputs },
      { ...attributes },
    );
    (args[3] as GradSaveFunc)(gradients);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const factor = dy.dataSync()[0];
      return saved.map((gradient) => (factor === 1 ? gradient.clone() : mul(gradient, dy)));
    };
    return { value: value as Tensor, gradFunc };
  });
  return run(inputs.x, inputs.weight, inputs.bias);
}

/** Every row's gradient has its own factor, known only in backward: the logits are made again. */
function lossPerRow({ x, weight, bias, ...rest }: Inputs, attributes: object): Tensor {
  const run = customGrad((...args: (Tensor | GradSaveFunc)[]) => {
    const [x, weight, bias, save] = args as [Tensor, Tensor, Tensor, GradSaveFunc];
    const inputs = { x, weight, bias, ...rest };
    const [value] = runKernel(linearCrossEntropyKernel, inputs, {
      ...attributes,
      withGradients: false,
    });
    save(Object.values(inputs));
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const kept = Object.fromEntries(
        Object.keys(inputs).map((name, i) => [name, saved[i] as Tensor]),
      );
      return runKernel(linearCrossEntropyGradientKernel, { dy, ...kept }, { ...attributes });
    };
    return { value: value as Tensor, gradFunc };
  });
  return run(x, weight, bias);
}
