/**
 * A training that lives in a worker, so that the page or the terminal stays responsive: progress, pause and abort are
 * messages.
 */
import { SeqError } from "@seq/core";
import type { WorkerHandle, WorkerPort } from "./worker-port.types.ts";

/** What the run in the worker is given; pass `signal` and `gate` to `fit`. */
export interface RunControls {
  readonly signal: AbortSignal;
  /** Waits while the run is paused. */
  readonly gate: () => Promise<void> | undefined;
  /** Sends plain data to the other side: `onProgress: controls.report`. */
  readonly report: (event: unknown) => void;
}

type ToRun =
  | { readonly type: "start"; readonly config: unknown }
  | { readonly type: "pause" | "resume" | "abort" };

type FromRun =
  | { readonly type: "event"; readonly event: unknown }
  | { readonly type: "done"; readonly result: unknown }
  | { readonly type: "failed"; readonly code: string; readonly message: string };

/**
 * The worker's side: runs once it is told to.
 *
 * @param run - gets the configuration that the other side sent; its result is sent back, so plain data.
 */
export function serveRun(
  port: WorkerPort,
  run: (config: unknown, controls: RunControls) => unknown | Promise<unknown>,
): void {
  const abort = new AbortController();
  let paused: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  const send = (message: FromRun): void => port.post(message);
  const resume = (): void => {
    paused?.end();
    paused = undefined;
  };
  const controls: RunControls = {
    signal: abort.signal,
    gate: () => paused?.over,
    report: (event) => send({ type: "event", event }),
  };
  const start = async (config: unknown): Promise<void> => {
    try {
      send({ type: "done", result: await run(config, controls) });
    } catch (error) {
      const code = SeqError.is(error) ? error.code : "RUN_FAILED";
      const message = error instanceof Error ? error.message : String(error);
      send({ type: "failed", code, message });
    }
  };
  port.onMessage((received) => {
    const message = received as ToRun;
    if (message.type === "start") void start(message.config);
    else if (message.type === "pause") paused ??= makeGate();
    else resume();
    if (message.type === "abort") abort.abort();
  });
}

function makeGate(): { readonly over: Promise<void>; readonly end: () => void } {
  let end = (): void => {};
  const over = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { over, end };
}

/** The other side: starts the run and steers it. */
export class RemoteRun<Result = unknown, Event = unknown> {
  /** @throws {SeqError} (rejects) with the code of the run's error, or `WORKER_LOST` when the worker ends without a word. */
  readonly result: Promise<Result>;
  readonly #worker: WorkerHandle;

  constructor(
    worker: WorkerHandle,
    config: unknown,
    { onProgress }: { readonly onProgress?: (event: Event) => void } = {},
  ) {
    this.#worker = worker;
    this.result = new Promise((resolve, reject) => {
      worker.onMessage((received) => {
        const message = received as FromRun;
        if (message.type === "event") onProgress?.(message.event as Event);
        else if (message.type === "done") resolve(message.result as Result);
        else reject(new SeqError(message.message, { code: message.code }));
      });
      worker.onEnd((reason) =>
        reject(
          new SeqError(
            `training worker: ended without a result (${reason}); resume from the last checkpoint.`,
            { code: "WORKER_LOST", details: { reason } },
          ),
        ),
      );
    });
    this.#send({ type: "start", config });
  }

  /** Holds the run after the step under way. */
  pause(): void {
    this.#send({ type: "pause" });
  }

  resume(): void {
    this.#send({ type: "resume" });
  }

  /** Ends the run after the step under way, with its result; also while paused. */
  abort(): void {
    this.#send({ type: "abort" });
  }

  #send(message: ToRun): void {
    this.#worker.post(message);
  }
}
