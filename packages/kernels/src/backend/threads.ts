/**
 * Threads over the one heap: a fork-join of `run(task, chunk, thread)` over workers.
 *
 * The calling thread works too, and takes whatever chunks the workers have not taken: it never waits for a
 * thread that has not started, only for one that is in the middle of a chunk. What a chunk computes does
 * not depend on who computes it, so results are the same bits for any number of threads.
 */
import { KernelError } from "@seq/core";
import { isNode } from "./tfjs.ts";
import { control, nodeStart, pageStart, threadProgram } from "./thread-program.ts";

type Run = (task: number, chunk: number, thread: number) => void;

/** Spins before the caller sleeps (some tens of microseconds), where it may sleep at all. */
const joinSpins = 20_000;

export class ThreadTeam {
  readonly size: number;
  readonly #control: Int32Array;
  readonly #canSleep: boolean;
  #workers: { terminate(): unknown }[] = [];
  #generation = 0;

  private constructor(size: number, shared: SharedArrayBuffer) {
    this.size = size;
    this.#control = new Int32Array(shared);
    // The main thread of a page must not block: it spins while the last chunk is finished.
    this.#canSleep = typeof document === "undefined";
  }

  /** Starts `size - 1` workers; they join in as soon as they are up. */
  static start(size: number, module: WebAssembly.Module, memory: WebAssembly.Memory): ThreadTeam {
    const shared = new SharedArrayBuffer(64);
    const team = new ThreadTeam(size, shared);
    const startWorker = workerStarter();
    for (let thread = 1; thread < size; thread++) {
      team.#workers.push(startWorker({ module, memory, shared, thread }));
    }
    return team;
  }

  /** Runs all chunks of a task and returns when the last is done. */
  run(run: Run, task: number, chunks: number): void {
    const words = this.#control;
    this.#generation = (this.#generation + 1) & 0xffff;
    const base = (this.#generation << 16) | (chunks << 8);
    words[control.task] = task;
    words[control.done] = 0;
    Atomics.store(words, control.state, base);
    if (Atomics.load(words, control.asleep) > 0) {
      Atomics.notify(words, control.state, chunks - 1);
    }
    for (;;) {
      const state = Atomics.load(words, control.state);
      if ((state & 255) >= chunks) break;
      if (Atomics.compareExchange(words, control.state, state, state + 1) !== state) continue;
      run(task, state & 255, 0);
      Atomics.add(words, control.done, 1);
    }
    this.#join(chunks);
    if (Atomics.load(words, control.failed) > 0) {
      throw new KernelError("A kernel thread trapped: this is a fault of the kernels.", {
        code: "THREAD_TRAP",
      });
    }
  }

  #join(chunks: number): void {
    const words = this.#control;
    for (let spin = 0; ; spin++) {
      const done = Atomics.load(words, control.done);
      if (done === chunks) return;
      if (this.#canSleep && spin > joinSpins) Atomics.wait(words, control.done, done, 1);
    }
  }

  stop(): void {
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
  }
}

/** How many threads the machine runs at once. */
export function coreCount(): number {
  if (isNode()) return process.getBuiltinModule("node:os").availableParallelism();
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}

interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly shared: SharedArrayBuffer;
  readonly thread: number;
}

/** Node's modules by `getBuiltinModule`: an import of them would stop bundlers that build for a page. */
function workerStarter(): (data: ThreadData) => { terminate(): unknown } {
  if (isNode()) {
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    return (data) => {
      const worker = new Worker(threadProgram + nodeStart, { eval: true, workerData: data });
      worker.unref(); // a thread that waits for work must not keep the process alive
      return worker;
    };
  }
  const url = URL.createObjectURL(
    new Blob([threadProgram, pageStart], { type: "text/javascript" }),
  );
  return (data) => {
    const worker = new Worker(url);
    worker.postMessage(data);
    return worker;
  };
}
