/** Web Workers behind `WorkerHandle`, and a worker's own side. */
import type { WorkerHandle, WorkerPort } from "./worker-port.types.ts";

/**
 * @param worker - `new Worker(new URL("./replica.js", import.meta.url), { type: "module" })`: written out, so that bundlers
 *   see it.
 */
export function webWorker(worker: Worker): WorkerHandle {
  return {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    onMessage: (listener) => {
      worker.onmessage = ({ data }) => listener(data);
    },
    onEnd: (listener) => {
      worker.onerror = ({ message }) => listener(message || "an error without a message");
    },
    terminate: () => worker.terminate(),
  };
}

/** The port of the Web Worker that this runs in. */
export function webWorkerPort(): WorkerPort {
  const scope = globalThis as unknown as {
    postMessage(message: unknown, transfer: readonly ArrayBuffer[]): void;
    onmessage: ((event: MessageEvent) => void) | null;
  };
  return {
    post: (message, transfer = []) => scope.postMessage(message, transfer),
    onMessage: (listener) => {
      scope.onmessage = ({ data }) => listener(data);
    },
  };
}
