/** A run's state to a checkpoint and back. */
import { FormatError, Rng, type SequenceModel } from "@seq/core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { flattenState, unflattenState } from "../checkpoint/carried-state.ts";
import type { TrainingSnapshot } from "../checkpoint/snapshot.ts";
import type { CheckpointFiles } from "../checkpoint/storage.types.ts";
import { copyTensors, encodeTensors, loadWeights } from "../checkpoint/weights.ts";
import type { Divergence } from "./divergence.ts";
import type { StepSettings, StepState } from "./training-step.ts";
import type { Watch } from "./watch.ts";
import type { WeightAverage } from "./weight-average.ts";

/** Everything of a run that changes. */
export interface Run<Batch> {
  readonly settings: StepSettings<Batch>;
  readonly state: StepState;
  readonly watch: Watch | undefined;
  readonly average: WeightAverage | undefined;
  readonly divergence: Divergence | undefined;
  loss: number;
}

/** Copies all state at once: the run may go on while it is written. */
export function takeSnapshot<Batch>(
  { settings, state, watch, average, divergence, loss }: Run<Batch>,
  { best, files }: { readonly best: boolean; readonly files: CheckpointFiles },
): TrainingSnapshot {
  const { model, data, optimizer, schedule } = settings;
  return {
    ...state.moment,
    ...{ loss, best, files },
    rng: state.rng.state,
    data: data.cursor(),
    schedule: { kind: schedule.kind, state: schedule.state?.() ?? null },
    optimizer: optimizer.state(),
    watch: watch?.state ?? null,
    divergence: divergence?.state ?? null,
    model: { kind: model.kind, config: model.config },
    weights: copyTensors(model.parameters),
    carried: flattenState(state.carried),
    average: average?.snapshot() ?? { state: null, tensors: new Map() },
  };
}

/**
 * Puts a run where it was when the snapshot was taken.
 *
 * @param where - the checkpoint, for messages.
 * @throws {FormatError} `CHECKPOINT_MODEL`, `CHECKPOINT_SCHEDULE`, `OPTIMIZER_STATE`, `DATA_CURSOR` ... when the
 *   run is not the same; the model may be changed then.
 */
export async function restoreSnapshot<Batch>(
  where: string,
  run: Run<Batch>,
  snapshot: TrainingSnapshot,
): Promise<void> {
  const { model, data, optimizer, schedule } = run.settings;
  checkModel(where, model, snapshot);
  if (snapshot.schedule.kind !== schedule.kind) {
    throw new FormatError(
      `${where}: the schedule was "${snapshot.schedule.kind}", here it is "${schedule.kind}"; resume with the same options.`,
      { code: "CHECKPOINT_SCHEDULE" },
    );
  }
  await data.seek(snapshot.data);
  loadWeights(model.parameters as ReadonlyMap<string, Variable>, encodeTensors(snapshot.weights), {
    where: `${where}/weights.safetensors`,
  });
  optimizer.restore(snapshot.optimizer);
  if (snapshot.schedule.state !== null) schedule.restore?.(snapshot.schedule.state);
  if (snapshot.watch !== null && run.watch !== undefined) run.watch.state = snapshot.watch;
  if (snapshot.divergence !== null && run.divergence !== undefined) {
    run.divergence.state = snapshot.divergence;
  }
  run.average?.restore(snapshot.average);
  run.state.moment = { step: snapshot.step, epoch: snapshot.epoch };
  run.state.rng = Rng.fromState(snapshot.rng);
  run.state.carried = unflattenState(snapshot.carried.shape, snapshot.carried.tensors);
  run.loss = snapshot.loss;
}

function checkModel(
  where: string,
  model: SequenceModel<never, Tensor>,
  snapshot: TrainingSnapshot,
): void {
  const [saved, here] = [
    canonical(snapshot.model),
    canonical({ kind: model.kind, config: model.config }),
  ];
  if (saved === here) return;
  throw new FormatError(
    `${where}: was saved from another model: ${saved}, this one is ${here}; build the model with the same configuration.`,
    { code: "CHECKPOINT_MODEL", details: { found: saved, expected: here } },
  );
}

/** JSON with sorted keys: equal for equal configurations. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
