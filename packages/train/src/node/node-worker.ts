/** Worker threads of Node behind `WorkerHandle`, and a worker's own side. */
import { parentPort, Worker } from "node:worker_threads";
import { OptionError } from "@seq/core";
import type { WorkerHandle, WorkerPort } from "../workers/worker-port.types.ts";

/** Starts a thread that runs a module. */
export function nodeWorker(module: URL | string): WorkerHandle {
  const worker = new Worker(module);
  worker.unref(); // a forgotten pool must not keep the process alive
  let error: string | undefined;
  return {
    post: (message, transfer = []) => {
      worker.ref();
      worker.postMessage(message, [...transfer]);
    },
    onMessage: (listener) => {
      worker.on("message", (message) => {
        listener(message);
        worker.unref();
      });
    },
    onEnd: (listener) => {
      worker.on("error", ({ message }) => {
        error = message;
      });
      worker.on("exit", (code) => listener(error ?? `exit code ${code}`));
    },
    terminate: () => void worker.terminate(),
  };
}

/** The port of the thread that this runs in. @throws {OptionError} `NOT_A_WORKER` in the main thread. */
export function nodeWorkerPort(): WorkerPort {
  if (parentPort === null) {
    throw new OptionError(
      "nodeWorkerPort: this is the main thread; call it in a worker's module.",
      {
        code: "NOT_A_WORKER",
      },
    );
  }
  const port = parentPort;
  return {
    post: (message, transfer = []) => port.postMessage(message, [...transfer]),
    onMessage: (listener) => void port.on("message", listener),
  };
}
