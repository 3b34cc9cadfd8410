/** Worker threads of Node and Web Workers behind one small interface. */
import { nodeModule } from "../platform.ts";
import type { FromWorker, ToWorker } from "./messages.types.ts";

/** A worker as the pool sees it. */
export interface WorkerHandle {
  post(message: ToWorker): void;
  onMessage(listener: (message: FromWorker) => void): void;
  onError(listener: (error: unknown) => void): void;
  terminate(): void;
}

type NodeThreads = typeof import("node:worker_threads");

export function startWorker(url: URL): WorkerHandle {
  const threads = nodeModule<NodeThreads>("node:worker_threads");
  if (threads !== undefined) {
    const worker = new threads.Worker(url);
    return {
      post: (message) => worker.postMessage(message),
      onMessage: (listener) => void worker.on("message", listener),
      onError: (listener) => void worker.on("error", listener),
      terminate: () => void worker.terminate(),
    };
  }
  const worker = new Worker(url, { type: "module" });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) =>
      worker.addEventListener("message", (event) => listener(event.data as FromWorker)),
    onError: (listener) => worker.addEventListener("error", (event) => listener(event.message)),
    terminate: () => worker.terminate(),
  };
}

/** The other end, inside the worker. */
export interface WorkerPort {
  post(message: FromWorker, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: ToWorker) => void): void;
}

export function parentPort(): WorkerPort {
  const parent = nodeModule<NodeThreads>("node:worker_threads")?.parentPort;
  if (parent) {
    return {
      post: (message, transfer = []) => parent.postMessage(message, [...transfer]),
      onMessage: (listener) => void parent.on("message", listener),
    };
  }
  return {
    post: (message, transfer = []) =>
      (self as unknown as Worker).postMessage(message, [...transfer]),
    onMessage: (listener) =>
      self.addEventListener("message", (event) => listener((event as MessageEvent).data)),
  };
}

/** How many threads the machine runs at once. */
export function availableThreads(): number {
  const os = nodeModule<typeof import("node:os")>("node:os");
  return os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}
