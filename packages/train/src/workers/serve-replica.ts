/** The worker's side of data-parallel training: a model that computes gradients of the rows it is sent. */
import { Rng, type SequenceModel } from "@seq/core";
import { dispose, type Tensor, tensor, tidy, type Variable } from "@tensorflow/tfjs-core";
import { flattenState, unflattenState } from "../checkpoint/carried-state.ts";
import { computeGradients, tensorsIn } from "../loop/compute-gradients.ts";
import { trainableParameters } from "../loop/training-step.ts";
import type { FromReplica, ParameterLayout, ToReplica } from "./replica.types.ts";
import type { WorkerPort } from "./worker-port.types.ts";

/** Builds the model in the worker; start the kernels there too: `await loadKernels({ threads: 1 })`. */
export type CreateModel = (
  config: unknown,
) => SequenceModel<never, Tensor> | Promise<SequenceModel<never, Tensor>>;

/**
 * Answers the messages of a replica pool until the worker ends. Parameters come from the pool before each step: the
 * model's own first values do not matter.
 */
export function serveReplica(port: WorkerPort, createModel: CreateModel): void {
  const answer = (message: FromReplica, transfer?: readonly ArrayBuffer[]): void =>
    port.post(message, transfer);
  let replica: Replica | undefined;
  let queue: Promise<void> = Promise.resolve();
  port.onMessage((received) => {
    // One after another: a step may arrive while the model is still being built.
    queue = queue
      .then(async () => {
        const message = received as ToReplica;
        if (message.type === "start") {
          replica = new Replica(await createModel(message.config), message);
          answer({ type: "ready" });
        } else {
          const { result, transfer } = (replica as Replica).step(message);
          answer(result, transfer);
        }
      })
      .catch((error: unknown) => {
        answer({ type: "failed", message: error instanceof Error ? error.message : String(error) });
      });
  });
}

class Replica {
  readonly #model: SequenceModel<never, Tensor>;
  readonly #layout: readonly ParameterLayout[];
  readonly #parameters: ReadonlyMap<string, Variable>;
  readonly #trainable: ReadonlyMap<string, Variable>;
  readonly #shared: { readonly parameters: Float32Array; readonly gradients: Float32Array } | null;

  constructor(
    model: SequenceModel<never, Tensor>,
    { layout, shared }: Extract<ToReplica, { type: "start" }>,
  ) {
    this.#model = model;
    this.#layout = layout;
    this.#shared = shared;
    const names = (part: readonly ParameterLayout[]) => new Set(part.map(({ name }) => name));
    const [known, wanted] = [names(layout), names(layout.filter(({ trainable }) => trainable))];
    this.#parameters = trainableParameters(model.parameters, (name) => !known.has(name));
    this.#trainable = trainableParameters(model.parameters, (name) => !wanted.has(name));
    for (const { name, shape } of layout) {
      const found = this.#parameters.get(name)?.shape.join();
      if (found !== shape.join()) {
        throw new Error(
          `the replica's model has parameter "${name}" of shape [${found ?? "none"}], the loop's has [${shape.join()}]; build both from one configuration`,
        );
      }
    }
  }

  step({ id, batch, rng, state, parameters }: Extract<ToReplica, { type: "step" }>): {
    result: FromReplica;
    transfer: ArrayBuffer[];
  } {
    this.#setParameters(this.#shared?.parameters ?? (parameters as Float32Array));
    const carried = state === null ? undefined : unflattenState(state.shape, state.tensors);
    const context = { training: true, rng: Rng.fromState(rng) };
    const found = computeGradients(
      this.#model,
      this.#trainable,
      batch as never,
      carried === undefined ? context : { ...context, state: carried },
    );
    const values = this.#shared?.gradients ?? new Float32Array(this.#size());
    for (const { name, offset } of this.#layout) {
      const gradient = found.gradients.get(name);
      if (gradient !== undefined) values.set(gradient.dataSync(), offset);
    }
    const result: FromReplica = {
      ...{ type: "gradients", id, loss: found.loss, targets: found.targets },
      present: [...found.gradients.keys()],
      state: flattenState(found.state),
      gradients: this.#shared === null ? values : null,
    };
    dispose([...found.gradients.values(), ...tensorsIn(found.state), ...tensorsIn(carried)]);
    return { result, transfer: this.#shared === null ? [values.buffer as ArrayBuffer] : [] };
  }

  #size(): number {
    const last = this.#layout.at(-1);
    return last === undefined ? 0 : last.offset + last.size;
  }

  #setParameters(values: Float32Array): void {
    for (const { name, shape, offset, size } of this.#layout) {
      // A copy: tensors cannot be made of shared memory, which may change under them.
      const own = values.slice(offset, offset + size);
      tidy(() => this.#parameters.get(name)?.assign(tensor(own, [...shape])));
    }
  }
}
