/**
 * Our WebAssembly module: instantiated on tfjs's heap, so that kernels work on tensors in place.
 *
 * Two builds of one source: relaxed SIMD (fused multiply-add) where the engine has it, else SIMD128, whose
 * bits are the same on every machine.
 */
import { KernelError } from "@seq/core";
import { decodeInlined } from "./inline.ts";
import { heapMemory } from "./tfjs.ts";
import { relaxedSimdSupported, withSharedMemory } from "./wasm-binary.ts";

export type ModulePath = "wasm-relaxed-simd" | "wasm-simd";

interface Loaded {
  readonly path: ModulePath;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly exports: object;
}

let loaded: Loaded | undefined;

/** Instantiates the build that `simd` asks for, unless it is the one that runs. */
export async function loadModule(simd: "auto" | "exact"): Promise<ModulePath> {
  const path = simd === "auto" && relaxedSimdSupported() ? "wasm-relaxed-simd" : "wasm-simd";
  const memory = heapMemory();
  if (loaded?.path === path && loaded.memory === memory) return path;
  const inlined =
    path === "wasm-simd"
      ? await import("../generated/kernels-simd.ts")
      : await import("../generated/kernels-relaxed.ts");
  await useModule(await decodeInlined(inlined.bytes), path);
  return path;
}

/** Instantiates a module on tfjs's heap; tests put the checked build in the place of ours. */
export async function useModule(bytes: Uint8Array<ArrayBuffer>, path: ModulePath): Promise<void> {
  const memory = heapMemory();
  const isShared =
    typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
  const module = await WebAssembly.compile(isShared ? withSharedMemory(bytes) : bytes);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  loaded = { path, memory, module, exports };
}

/** What runs, for threads that instantiate it too. */
export function loadedModule(): Loaded | undefined {
  return loaded;
}

/** Which build runs, if any. */
export function modulePath(): ModulePath | undefined {
  return loaded?.path;
}

/**
 * The module's functions; each family of kernels names the ones it calls.
 *
 * @example kernelExports<{ sumOfSquares(x: number, count: number): number }>().sumOfSquares(offset, 3)
 */
export function kernelExports<E extends object>(): E {
  if (loaded === undefined) {
    throw new KernelError("The kernels are not loaded; await loadKernels() first.", {
      code: "NOT_LOADED",
    });
  }
  return loaded.exports as E;
}
