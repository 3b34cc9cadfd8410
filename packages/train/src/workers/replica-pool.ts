/**
 * The loop's side of data-parallel training: rows of each batch go to replicas in workers, their gradients are summed in
 * the order of the replicas, so that a run with equal seeds is the same run to run.
 *
 * Parameters and gradients go through shared memory where there is any (Node, isolated pages), else by messages. A worker
 * that dies is named, replaced, and its rows are computed again: nothing of a step is applied before all of it is there.
 */
import { checkInteger, checkOptions, type Rng, SeqError } from "@seq/core";
import { type Tensor, tensor, type Variable } from "@tensorflow/tfjs-core";
import { flattenState, unflattenState } from "../checkpoint/carried-state.ts";
import type { BatchGradients } from "../loop/compute-gradients.ts";
import type { FromReplica, ParameterLayout, ToReplica } from "./replica.types.ts";
import { splitBatch } from "./split-batch.ts";
import type { WorkerHandle } from "./worker-port.types.ts";

export interface ReplicaOptions {
  /** Number of workers. */
  readonly count: number;
  /** For the function that builds the model in the worker; plain data. */
  readonly config?: unknown;
  /** Workers that may die before the run ends with an error (default 3). */
  readonly maxLost?: number;
  /** Told when a worker died and another takes its place. */
  readonly onLost?: (lost: { readonly replica: number; readonly reason: string }) => void;
  /** Cuts a batch into at most so many; default by rows. */
  readonly split?: <Batch>(batch: Batch, parts: number) => Batch[];
  /** Use shared memory (default: where there is any). */
  readonly shared?: boolean;
}

type Answer = Extract<FromReplica, { type: "gradients" }>;

export class ReplicaPool {
  readonly #start: (replica: number) => WorkerHandle;
  readonly #options: ReplicaOptions;
  readonly #maxLost: number;
  readonly #shared: boolean;
  #replicas: Replica[] = [];
  #layout: readonly ParameterLayout[] = [];
  #parameters = new Float32Array();
  #lost = 0;
  #steps = 0;

  /** @param start - starts one worker; `startNodeWorker`, `startWebWorker`. */
  constructor(start: (replica: number) => WorkerHandle, options: ReplicaOptions) {
    checkOptions("replicas", options, ["count", "config", "maxLost", "onLost", "split", "shared"]);
    checkInteger("replicas", "count", options.count, { min: 1, max: 256 });
    this.#maxLost = checkInteger("replicas", "maxLost", options.maxLost ?? 3, { min: 0 });
    this.#start = start;
    this.#options = options;
    const { crossOriginIsolated = true } = globalThis as { crossOriginIsolated?: boolean };
    const possible = typeof SharedArrayBuffer === "function" && crossOriginIsolated;
    this.#shared = options.shared ?? possible;
  }

  /**
   * Starts the workers for a model's parameters; `fit` calls it.
   *
   * @param trainable - those of them whose gradients are wanted.
   */
  async open(
    parameters: ReadonlyMap<string, Tensor>,
    trainable: ReadonlyMap<string, Variable>,
  ): Promise<void> {
    this.close();
    let offset = 0;
    this.#layout = [...parameters].map(([name, { shape, size }]) => {
      const entry = { name, shape: [...shape], offset, size, trainable: trainable.has(name) };
      offset += size;
      return entry;
    });
    this.#parameters = this.#array(offset);
    this.#replicas = Array.from({ length: this.#options.count }, (_, i) => this.#replica(i));
    await Promise.all(this.#replicas.map((_, i) => this.#whileAlive(i, ({ ready }) => ready)));
  }

  /**
   * Gradients of the mean loss of one batch, summed over the replicas.
   *
   * @param carried - the states of the parts as `state` was returned for the batch before, or `undefined`.
   * @throws {SeqError} `REPLICA_LOST` when too many workers died, `REPLICA_FAILED` when one answers with an error.
   */
  async gradients<Batch>(
    parameters: ReadonlyMap<string, Tensor>,
    batch: Batch,
    rng: Rng,
    carried: unknown,
  ): Promise<BatchGradients> {
    for (const { name, offset } of this.#layout) {
      this.#parameters.set((parameters.get(name) as Tensor).dataSync(), offset);
    }
    const parts = (this.#options.split ?? splitBatch)(batch, this.#options.count);
    const states = Array.isArray(carried) ? (carried as unknown[]) : [];
    const answers = await Promise.all(
      parts.map((part, i) => {
        const message = {
          type: "step" as const,
          batch: part,
          rng: rng.split().state,
          state: states[i] === undefined ? null : flattenState(states[i]),
          parameters: this.#shared ? null : this.#parameters,
        };
        return this.#whileAlive(i, (replica) => replica.step({ ...message, id: this.#steps++ }));
      }),
    );
    return this.#combine(answers);
  }

  /** Ends the workers. */
  close(): void {
    for (const { worker } of this.#replicas) worker.terminate();
    this.#replicas = [];
  }

  /** Σ nᵢ gᵢ / Σ nᵢ over the replicas, always in their order. */
  #combine(answers: readonly Answer[]): BatchGradients {
    const targets = answers.reduce((sum, answer) => sum + answer.targets, 0);
    const weights = answers.map((answer) => answer.targets / targets);
    const gradients = new Map<string, Tensor>();
    for (const { name, shape, offset, size } of this.#layout) {
      if (!answers.some(({ present }) => present.includes(name))) continue;
      const sum = new Float32Array(size);
      answers.forEach((answer, i) => {
        if (!answer.present.includes(name)) return;
        const values = answer.gradients ?? (this.#replicas[i] as Replica).gradients;
        const weight = weights[i] as number;
        for (let k = 0; k < size; k++) sum[k]! += weight * (values[offset + k] as number);
      });
      gradients.set(name, tensor(sum, [...shape]));
    }
    const loss = answers.reduce((sum, answer, i) => sum + answer.loss * (weights[i] as number), 0);
    const states = answers.map(({ state }) => unflattenState(state.shape, state.tensors));
    const state = states.every((part) => part === undefined) ? undefined : states;
    return { loss, targets, gradients, state };
  }

  /** Asks a replica; when it dies over it, asks the one that takes its place. */
  async #whileAlive<T>(index: number, ask: (replica: Replica) => Promise<T>): Promise<T> {
    for (;;) {
      const replica = this.#replicas[index] as Replica;
      try {
        return await Promise.race([ask(replica), replica.died]);
      } catch (error) {
        if (!(error instanceof Death)) throw error;
        this.#lost++;
        if (this.#lost > this.#maxLost) {
          throw new SeqError(
            `replicas: worker ${index} died (${error.message}), after ${this.#lost - 1} others; the parameters are those of the last good step.`,
            { code: "REPLICA_LOST", details: { replica: index, reason: error.message } },
          );
        }
        this.#options.onLost?.({ replica: index, reason: error.message });
        this.#replicas[index] = this.#replica(index);
        await Promise.race([this.#replicas[index]!.ready, this.#replicas[index]!.died]).catch(
          (again: unknown) => {
            if (!(again instanceof Death)) throw again; // one that dies at its start is met above
          },
        );
      }
    }
  }

  #replica(index: number): Replica {
    const gradients = this.#array(this.#parameters.length);
    const shared = this.#shared ? { parameters: this.#parameters, gradients } : null;
    const { config = null } = this.#options;
    return new Replica(index, this.#start(index), gradients, {
      ...{ type: "start", config, layout: this.#layout, shared },
    });
  }

  #array(length: number): Float32Array<ArrayBuffer> {
    if (!this.#shared) return new Float32Array(length);
    const memory = new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT);
    return new Float32Array(memory as unknown as ArrayBuffer);
  }
}

/** A worker that is gone. */
class Death extends Error {}

class Replica {
  readonly worker: WorkerHandle;
  /** What it last wrote, with shared memory. */
  readonly gradients: Float32Array;
  readonly ready: Promise<void>;
  /** Rejects when the worker is gone; never resolves. */
  readonly died: Promise<never>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #refusals = new Set<(error: Error) => void>();

  constructor(
    index: number,
    worker: WorkerHandle,
    gradients: Float32Array,
    start: Extract<ToReplica, { type: "start" }>,
  ) {
    this.worker = worker;
    this.gradients = gradients;
    this.died = new Promise((_, reject) => worker.onEnd((reason) => reject(new Death(reason))));
    this.died.catch(() => {}); // also when nobody waits at the moment
    this.ready = new Promise((resolve, reject) => {
      this.#refusals.add(reject);
      worker.onMessage((received) => {
        const message = received as FromReplica;
        if (message.type === "ready") resolve();
        else if (message.type === "gradients") this.#waiting.get(message.id)?.(message);
        else this.#fail(index, message.message);
      });
    });
    this.ready.catch(() => {});
    worker.post(start);
  }

  step(message: Extract<ToReplica, { type: "step" }>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#refusals.add(reject);
      this.#waiting.set(message.id, (answer) => {
        this.#waiting.delete(message.id);
        this.#refusals.delete(reject);
        resolve(answer);
      });
      this.worker.post(message);
    });
  }

  #fail(index: number, message: string): void {
    const error = new SeqError(`replicas: worker ${index}: ${message}.`, {
      code: "REPLICA_FAILED",
      details: { replica: index },
    });
    for (const refuse of this.#refusals) refuse(error);
    this.#refusals.clear();
  }
}
