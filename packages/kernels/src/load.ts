/** The one awaited call: starts tfjs, registers gradients and our kernels. Importing the package does nothing. */
import { checkInteger, checkOneOf, checkOptions, KernelError } from "@seq/core";
import { type BackendName, startTfjs } from "./backend/tfjs.ts";
import { installKernels, type KernelPath, kernelState } from "./install.ts";

export interface LoadOptions {
  /** Default "wasm". "cpu" is plain JavaScript: slow, and runs everywhere. */
  readonly backend?: BackendName;
  /** Threads that share the work, this one included. Default: the cores in Node, else 1. */
  readonly threads?: number;
  /**
   * "auto" takes relaxed SIMD (fused multiply-add) where the engine has it: faster, but the last bits of
   * results depend on the machine. "exact" gives the same bits on every machine. Default "auto".
   */
  readonly simd?: "auto" | "exact";
}

export interface KernelInfo {
  readonly backend: BackendName;
  /** "reference": compositions of tfjs ops, no kernels of ours. */
  readonly path: KernelPath;
  /** True when threads can work on tfjs's heap. */
  readonly sharedHeap: boolean;
  /** Threads that kernels run on, the calling one included. */
  readonly threads: number;
}

let last: Promise<unknown> = Promise.resolve();
let info: KernelInfo | undefined;

/**
 * Starts the tensor engine and the kernels. Idempotent: calling again changes only what its options name
 * (the backend, the threads, the exactness); concurrent calls queue up.
 *
 * @throws {OptionError} for an unknown option or value.
 * @throws {KernelError} when the engine has no SIMD, or tfjs's packages are missing or of another version.
 * @example await loadKernels(); // { backend: "wasm", path: "wasm-simd", sharedHeap: true, threads: 2 }
 */
export function loadKernels(options: LoadOptions = {}): Promise<KernelInfo> {
  checkOptions("loadKernels", options, ["backend", "threads", "simd"]);
  const wanted = {
    backend: checkOneOf("loadKernels", "backend", options.backend ?? info?.backend ?? "wasm", [
      "wasm",
      "cpu",
    ]),
    ...(options.threads !== undefined && {
      threads: checkInteger("loadKernels", "threads", options.threads, { min: 1, max: 256 }),
    }),
    ...(options.simd !== undefined && {
      simd: checkOneOf("loadKernels", "simd", options.simd, ["auto", "exact"]),
    }),
  };
  const started = last.then(() => start(wanted));
  last = started.catch(() => undefined);
  return started;
}

async function start(options: LoadOptions & { backend: BackendName }): Promise<KernelInfo> {
  await startTfjs(options.backend);
  if (options.backend === "wasm") await installKernels(options);
  info = { backend: options.backend, ...kernelState(options.backend) };
  return info;
}

/**
 * What runs: the backend, the path of the kernels, the threads.
 *
 * @throws {KernelError} `NOT_LOADED` before `await loadKernels()`.
 */
export function kernelInfo(): KernelInfo {
  if (info === undefined) {
    throw new KernelError("kernelInfo: the kernels are not loaded; await loadKernels() first.", {
      code: "NOT_LOADED",
    });
  }
  return info;
}
