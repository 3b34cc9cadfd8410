/**
 * Tensors as places in tfjs's WASM heap. Offsets stay valid while a tensor lives; views go stale whenever
 * the heap grows, so they are made anew for each use and never kept.
 */
import { KernelError } from "@seq/core";
import type { DataType, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { heapMemory, wasmBackend } from "./tfjs.ts";

/** Byte offset of a tensor's data. */
export function offsetOf(tensor: TensorInfo | Tensor): number {
  const data = wasmBackend().dataIdMap.get(tensor.dataId);
  if (data === undefined) {
    throw new KernelError("A kernel got a tensor that does not live on the WASM heap.", {
      code: "TENSOR_PLACE",
      details: { shape: tensor.shape },
    });
  }
  return data.memoryOffset;
}

/** A new tensor of undefined content, for a kernel's result. */
export function allocate(shape: readonly number[], dtype: DataType = "float32"): TensorInfo {
  const info = wasmBackend().makeOutput([...shape], dtype);
  if (offsetOf(info) === 0 && shape.every((size) => size > 0)) {
    throw heapExhausted(shape.reduce((a, b) => a * b, 4));
  }
  return info;
}

/** A view of a float32 tensor; stale as soon as anything is allocated. */
export function floatsOf(tensor: TensorInfo | Tensor): Float32Array {
  return floatsAt(offsetOf(tensor), sizeOf(tensor));
}

export function intsOf(tensor: TensorInfo | Tensor): Int32Array {
  return new Int32Array(heapMemory().buffer, offsetOf(tensor), sizeOf(tensor));
}

/** A view of a boolean tensor, one byte a value. */
export function bytesOf(tensor: TensorInfo | Tensor): Uint8Array {
  return new Uint8Array(heapMemory().buffer, offsetOf(tensor), sizeOf(tensor));
}

export function floatsAt(offset: number, length: number): Float32Array {
  return new Float32Array(heapMemory().buffer, offset, length);
}

export function intsAt(offset: number, length: number): Int32Array {
  return new Int32Array(heapMemory().buffer, offset, length);
}

export function sizeOf(tensor: TensorInfo | Tensor): number {
  return tensor.shape.reduce((a, b) => a * b, 1);
}

/** How many tensors share a tensor's memory. */
export function sharersOf(tensor: TensorInfo | Tensor): number {
  return wasmBackend().dataIdMap.get(tensor.dataId)?.refCount ?? 0;
}

/** Frees a tensor that a kernel made with `allocate` and does not return. */
export function free(tensor: TensorInfo): void {
  wasmBackend().disposeData(tensor.dataId);
}

/**
 * Memory of our own in the heap, reused from call to call: workspaces of kernels (packed weights, gates).
 * Grows to the largest use and stays; one workspace serves one call at a time.
 */
export class Workspace {
  #base = 0;
  #offset = 0;
  #capacity = 0;

  /** Byte offset of at least `bytes` bytes, aligned to 64; content undefined. */
  reserve(bytes: number): number {
    if (bytes > this.#capacity) {
      const { wasm } = wasmBackend();
      if (this.#base !== 0) wasm._free(this.#base);
      this.#capacity = 0;
      this.#base = wasm._malloc(bytes + 64) >>> 0;
      if (this.#base === 0) throw heapExhausted(bytes);
      this.#offset = Math.ceil(this.#base / 64) * 64;
      this.#capacity = bytes;
    }
    return this.#offset;
  }
}

function heapExhausted(bytes: number): KernelError {
  return new KernelError(
    `The WASM heap cannot grow by ${bytes} bytes (it holds at most 4 GiB); use a smaller batch, or dispose tensors.`,
    { code: "HEAP_EXHAUSTED", details: { bytes } },
  );
}
