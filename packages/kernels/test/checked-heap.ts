/**
 * Runs the kernels in their checked build: every load and store must lie in a live allocation of the heap, by
 * its exact size, or the kernel traps. Slow; for tests.
 */
import { compileKernels } from "../assembly/compile.mjs";
import { kernelExports, useModule } from "../src/backend/module.ts";
import { heapMemory, wasmBackend } from "../src/backend/tfjs.ts";
import { loadKernels } from "../src/load.ts";

/** Call before anything is allocated: blocks that are older are unknown to the check. */
export async function useCheckedKernels(): Promise<void> {
  await loadKernels({ backend: "wasm", threads: 1, simd: "exact" });
  const { wasm } = wasmBackend();
  // Emscripten's functions put their final selves in the place of themselves when first called.
  wasm._free(wasm._malloc(8));
  const malloc = wasm._malloc.bind(wasm);
  const free = wasm._free.bind(wasm);
  const blocks = new Map<number, number>(); // start -> end
  const capacity = 4096;
  const table = malloc(capacity * 8) >>> 0;

  const bytes = await compileKernels("checked");
  await useModule(new Uint8Array(bytes), "wasm-simd");
  wasm._malloc = (size: number) => {
    const start = malloc(size) >>> 0;
    blocks.set(start, start + size);
    declare();
    return start;
  };
  wasm._free = (start: number) => {
    blocks.delete(start >>> 0);
    declare();
    free(start);
  };

  function declare(): void {
    if (blocks.size > capacity) throw new Error("too many live blocks for the checked heap");
    const words = new Uint32Array(heapMemory().buffer, table, blocks.size * 2);
    let at = 0;
    for (const [start, end] of blocks) {
      words[at++] = start;
      words[at++] = end;
    }
    kernelExports<{ allow(table: number, count: number): void }>().allow(table, blocks.size);
  }
}
