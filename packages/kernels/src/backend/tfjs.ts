/**
 * Starts tfjs: its backend, the gradients it leaves out, its `.wasm` bytes without any path.
 *
 * This folder is the one place that touches the internals of a tfjs backend.
 */
import { KernelError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { decodeInlined } from "./inline.ts";
import { simdSupported, withSharedMemory } from "./wasm-binary.ts";

export type BackendName = "wasm" | "cpu";

/** What we use of tfjs's WASM backend. */
export interface WasmBackend {
  readonly wasm: {
    readonly asm: { readonly memory?: WebAssembly.Memory };
    readonly wasmMemory?: WebAssembly.Memory;
    _malloc(bytes: number): number;
    _free(offset: number): void;
  };
  readonly dataIdMap: {
    get(dataId: object): { memoryOffset: number; id: number; refCount: number } | undefined;
  };
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
  disposeData(dataId: object, force?: boolean): boolean;
}

/** Sets the backend, starting it when needed, and registers every gradient that tfjs knows. */
export async function startTfjs(name: BackendName): Promise<void> {
  await registerGradients();
  if (!isStarted(name)) {
    if (name === "wasm") await startWasm();
    else await startCpu();
  }
  const ok = await tf.setBackend(name);
  await tf.ready();
  if (!ok || tf.getBackend() !== name) {
    throw new KernelError(
      `loadKernels: tfjs could not start its "${name}" backend; is @tensorflow/tfjs-backend-${name} installed in the same version as @tensorflow/tfjs-core (${tf.version_core})?`,
      { code: "BACKEND_START", details: { backend: name } },
    );
  }
}

function isStarted(name: BackendName): boolean {
  return name in tf.engine().registry;
}

/** The running WASM backend. */
export function wasmBackend(): WasmBackend {
  return tf.engine().registry["wasm"] as unknown as WasmBackend;
}

/** tfjs's heap; where a page lets tfjs load its threaded build, the memory lies elsewhere. */
export function heapMemory(): WebAssembly.Memory {
  const { wasm } = wasmBackend();
  const memory = wasm.asm.memory ?? wasm.wasmMemory;
  if (!memory) {
    throw new KernelError(
      "loadKernels: tfjs's WASM backend does not show its memory; expected @tensorflow/tfjs-backend-wasm 4.22.",
      { code: "BACKEND_VERSION" },
    );
  }
  return memory;
}

/**
 * tfjs-core registers no gradients in its Node build, nor where a bundler takes its ES modules; these are
 * its own, as the build bundled them (`assembly/gradients.mjs`).
 */
async function registerGradients(): Promise<void> {
  const { gradConfigs } = await import("../generated/tfjs-gradients.js");
  for (const config of gradConfigs) {
    if (tf.getGradient(config.kernelName) === undefined) tf.registerGradient(config);
  }
}

async function startCpu(): Promise<void> {
  await import("@tensorflow/tfjs-backend-cpu");
  // In Node its first use prints an advertisement; a library must not print.
  const backend = tf.findBackend("cpu") as unknown as { firstUse: boolean };
  backend.firstUse = false;
}

async function startWasm(): Promise<void> {
  if (!simdSupported()) {
    throw new KernelError(
      'loadKernels: this engine has no WebAssembly SIMD; use loadKernels({ backend: "cpu" }).',
      { code: "NO_SIMD" },
    );
  }
  const [backend, inlined] = await Promise.all([
    import("@tensorflow/tfjs-backend-wasm"),
    import("../generated/tfjs-simd.ts"),
  ]);
  checkVersion(backend.version_wasm, inlined.version);
  const bytes = await decodeInlined(inlined.bytes);
  const module = canShareMemory() ? withSharedMemory(bytes) : bytes;

  // One binary serves all cases: our threads need no threads of tfjs's own.
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  await withModule(module, async () => {
    await tf.setBackend("wasm");
    await tf.ready();
  });

  function checkVersion(installed: string, expected: string): void {
    if (installed === expected) return;
    throw new KernelError(
      `loadKernels: @tensorflow/tfjs-backend-wasm ${installed} is installed, expected ${expected}: run "npm install @tensorflow/tfjs-backend-wasm@${expected} @tensorflow/tfjs-core@${expected}".`,
      { code: "BACKEND_VERSION", details: { installed, expected } },
    );
  }

  /** Runs `start` while tfjs's fetch of its `.wasm` file answers with our bytes: no path, no network, no CSP. */
  async function withModule(module: Uint8Array<ArrayBuffer>, start: () => Promise<void>) {
    const path = "seq-inlined-tfjs.wasm";
    const names = ["", "-simd", "-threaded-simd"].map((kind) => `tfjs-backend-wasm${kind}.wasm`);
    backend.setWasmPaths(Object.fromEntries(names.map((name) => [name, path])), true);
    const platform = tf.env().platform;
    const original = platform.fetch;
    platform.fetch = async (request, init) =>
      request === path ? new Response(module) : original.call(platform, request, init);
    const restoreListeners = holdProcessListeners();
    try {
      await start();
    } finally {
      platform.fetch = original;
      restoreListeners();
    }
  }
}

/** In Node always; in a page only where it is cross-origin isolated. */
function canShareMemory(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer !== "undefined" && (isNode() || crossOriginIsolated === true);
}

/** True in Node and its like, where built-in modules can be imported. */
export function isNode(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return process?.versions?.node !== undefined;
}

/**
 * tfjs's loader (Emscripten) installs process-wide handlers that rethrow every unhandled rejection of the
 * application. Returns a function that removes what was added since.
 */
function holdProcessListeners(): () => void {
  if (!isNode()) return () => {};
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as never)));
  return () => {
    events.forEach((event, i) => {
      for (const listener of process.listeners(event as never)) {
        if (!before[i]?.has(listener)) process.removeListener(event, listener);
      }
    });
  };
}
