/** One optimizer step on variables, by the kernel of the running backend or by the reference. */
import { ShapeError } from "@seq/core";
import { type Tensor, tensor, type Variable } from "@tensorflow/tfjs-core";
import { type UpdateName, updateFormulas } from "../reference/optimizers.ts";
import { hasFastKernels } from "../wasm/has-fast-kernels.ts";
import { updateInPlace } from "../wasm/optimizers.ts";
import { checkFloat } from "./check.ts";

type Slots = readonly (Variable | undefined)[];

/**
 * @param name - the formula, with slots and scalars in its order.
 * @throws {ShapeError} when the gradient or a slot is not of the parameter's shape.
 */
export function applyUpdate(
  name: UpdateName,
  where: string,
  { parameter, gradient }: { readonly parameter: Variable; readonly gradient: Tensor },
  slots: Slots,
  scalars: readonly number[],
): void {
  checkLikeParameter(where, parameter, gradient, "gradient");
  for (const slot of slots) if (slot) checkLikeParameter(where, parameter, slot, "a slot");
  if (hasFastKernels()) updateInPlace(name, parameter, gradient, slots, scalars);
  else updateByReference(name, parameter, gradient, slots, scalars);
}

function checkLikeParameter(where: string, parameter: Variable, other: Tensor, name: string): void {
  checkFloat(where, name, other);
  const fits =
    other.shape.length === parameter.shape.length &&
    other.shape.every((size, axis) => size === parameter.shape[axis]);
  if (!fits) {
    throw new ShapeError(
      `${where}: ${name} has shape [${other.shape.join(", ")}], expected the parameter's [${parameter.shape.join(", ")}].`,
      { code: "SHAPE_MISMATCH", details: { shape: other.shape, expected: parameter.shape } },
    );
  }
}

function updateByReference(
  name: UpdateName,
  parameter: Variable,
  gradient: Tensor,
  slots: Slots,
  scalars: readonly number[],
): void {
  const variables = [parameter, ...slots];
  const values = variables.map((variable) => variable && Float64Array.from(variable.dataSync()));
  const [p, ...rest] = values;
  const formula = updateFormulas[name] as (...args: unknown[]) => void;
  formula(p, Float64Array.from(gradient.dataSync()), ...rest, ...scalars);
  variables.forEach((variable, i) => {
    if (!variable) return;
    const next = tensor(Float32Array.from(values[i] as Float64Array), variable.shape);
    variable.assign(next);
    next.dispose();
  });
}
