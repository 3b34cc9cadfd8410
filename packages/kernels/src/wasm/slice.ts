/**
 * The tfjs kernels Slice, Unpack and SplitV for the WASM backend. tfjs's own copy the whole source out of the
 * heap for every slice, so that taking T steps out of a sequence costs O(T²); these move only what is asked
 * for, inside the heap. Strings are left to tfjs.
 */
import {
  backend_util,
  type DataType,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  slice_util,
  type Tensor,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { allocate, bytesOf, intsOf } from "../backend/heap.ts";

const own = { Slice: slice, Unpack: unpack, SplitV: split };

/** The kernels, each with tfjs's as its fallback; call it before they are registered. */
export function sliceKernels(): KernelConfig[] {
  return Object.entries(own).map(([kernelName, body]) => ({
    kernelName,
    backendName: "wasm",
    kernelFunc: withFallback(kernelName, body),
  }));
}

const fallbacks = new Map<string, KernelFunc>();

function withFallback(kernelName: string, body: KernelFunc): KernelFunc {
  const theirs = getKernel(kernelName, "wasm")?.kernelFunc;
  if (theirs !== undefined && !fallbacks.has(kernelName)) fallbacks.set(kernelName, theirs);
  return (params) => {
    const { dtype } = Object.values(params.inputs)[0] as TensorInfo;
    const fallback = fallbacks.get(kernelName);
    return dtype === "string" && fallback !== undefined ? fallback(params) : body(params);
  };
}

function slice({ inputs, attrs }: Parameters<KernelFunc>[0]): TensorInfo {
  const x = inputs["x"] as TensorInfo;
  const { begin, size } = attrs as unknown as { begin: number | number[]; size: number | number[] };
  const [from, sizes] = slice_util.parseSliceParams(x as Tensor, begin, size);
  slice_util.assertParamsValid(x as Tensor, from as number[], sizes as number[]);
  return cut(x, from as number[], sizes as number[], sizes as number[]);
}

function unpack({ inputs, attrs }: Parameters<KernelFunc>[0]): TensorInfo[] {
  const value = inputs["value"] as TensorInfo;
  const { axis: given } = attrs as unknown as { axis: number };
  const axis = given < 0 ? given + value.shape.length : given;
  const begin = value.shape.map(() => 0);
  const sizes = value.shape.map((size, k) => (k === axis ? 1 : size));
  const shape = value.shape.filter((_, k) => k !== axis);
  return Array.from({ length: value.shape[axis] as number }, (_, i) => {
    begin[axis] = i;
    return cut(value, begin, sizes, shape);
  });
}

function split({ inputs, attrs }: Parameters<KernelFunc>[0]): TensorInfo[] {
  const x = inputs["x"] as TensorInfo;
  const options = attrs as unknown as { numOrSizeSplits: number | number[]; axis: number };
  const axis = options.axis < 0 ? options.axis + x.shape.length : options.axis;
  const parts = backend_util.prepareSplitSize(x as Tensor, options.numOrSizeSplits, axis);
  const begin = x.shape.map(() => 0);
  return parts.map((part) => {
    const sizes = x.shape.map((size, k) => (k === axis ? part : size));
    const out = cut(x, begin, sizes, sizes);
    begin[axis] = (begin[axis] as number) + part;
    return out;
  });
}

/** Copies the block of `sizes` from `begin` into a new tensor of shape `shape`. */
function cut(
  x: TensorInfo,
  begin: readonly number[],
  sizes: readonly number[],
  shape: readonly number[],
): TensorInfo {
  const out = allocate(shape, x.dtype);
  if (shape.includes(0)) return out;
  const [source, target] = [viewOf(x, x.dtype), viewOf(out, x.dtype)];

  // Axes from `inner` on are taken whole: what they and the axis before them hold is one run.
  let inner = sizes.length;
  let run = 1;
  while (inner > 0 && sizes[inner - 1] === x.shape[inner - 1]) run *= sizes[--inner] as number;
  let stride = run;
  if (inner > 0) {
    inner--;
    run *= sizes[inner] as number;
    stride *= x.shape[inner] as number;
  }
  let start =
    inner < begin.length ? (begin[inner] as number) * (stride / (x.shape[inner] as number)) : 0;
  const strides: number[] = [];
  for (let axis = inner - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    start += (begin[axis] as number) * stride;
    stride *= x.shape[axis] as number;
  }

  const position = new Int32Array(inner);
  for (let to = 0; ; to += run) {
    if (run < 32) for (let k = 0; k < run; k++) target[to + k] = source[start + k] as number;
    else target.set(source.subarray(start, start + run), to);
    let axis = inner - 1;
    for (; axis >= 0; axis--) {
      start += strides[axis] as number;
      position[axis] = (position[axis] as number) + 1;
      if ((position[axis] as number) < (sizes[axis] as number)) break;
      start -= (strides[axis] as number) * (sizes[axis] as number);
      position[axis] = 0;
    }
    if (axis < 0) return out;
  }
}

/** Numbers of four bytes move as integers, so that every bit pattern survives. */
function viewOf(tensor: TensorInfo, dtype: DataType): Int32Array | Uint8Array {
  return dtype === "bool" ? bytesOf(tensor) : intsOf(tensor);
}
