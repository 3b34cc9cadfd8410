/** A model's carried state (nested lists and records of tensors) to plain data and back. */
import { FormatError } from "@seq/core";
import { Tensor, tensor } from "@tensorflow/tfjs-core";
import type { TensorValues } from "./weights.ts";

/** JSON in which `{ "$tensor": "3" }` stands for a tensor. */
export type StateShape = unknown;

/**
 * @throws {FormatError} `STATE_NOT_PLAIN` for what is neither tensor, list, record nor JSON value.
 */
export function flattenState(state: unknown): {
  shape: StateShape;
  tensors: Map<string, TensorValues>;
} {
  const tensors = new Map<string, TensorValues>();
  const walk = (value: unknown): unknown => {
    if (value instanceof Tensor) {
      const name = String(tensors.size);
      tensors.set(name, {
        shape: [...value.shape],
        values: new Float32Array(value.dataSync() as Float32Array),
      });
      return { $tensor: name };
    }
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value === "object" && value !== null) {
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype === Object.prototype || prototype === null) {
        return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part)]));
      }
    } else if (value === null || ["string", "number", "boolean"].includes(typeof value)) {
      return value;
    }
    throw new FormatError(
      `checkpoint: the model's carried state holds ${describe(value)}, expected tensors, lists, records and plain values.`,
      { code: "STATE_NOT_PLAIN" },
    );
  };
  return { shape: state === undefined ? null : walk(state), tensors };
}

/** New tensors in the same places; the caller disposes them. `null` gives `undefined`. */
export function unflattenState(
  shape: StateShape,
  tensors: ReadonlyMap<string, TensorValues>,
): unknown {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    const name = (value as { $tensor?: unknown }).$tensor;
    if (typeof name === "string") {
      const found = tensors.get(name);
      if (found === undefined) {
        throw new FormatError(`checkpoint: the carried state's tensor ${name} is missing.`, {
          code: "CHECKPOINT_DAMAGED",
        });
      }
      return tensor(found.values, [...found.shape]);
    }
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, walk(part)]));
  };
  return shape === null ? undefined : walk(shape);
}

function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) return `a ${value.constructor.name}`;
  return typeof value;
}
