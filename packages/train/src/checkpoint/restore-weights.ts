/** The weights of a checkpoint into a model, to use it: without optimizer, schedule and the rest of the run. */
import { FormatError, type SeqError } from "@seq/core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import { writer } from "../version.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { CheckpointStorage } from "./storage.types.ts";
import { encodeTensors, loadWeights } from "./weights.ts";

/**
 * Sets a model's parameters to those of the best (or the newest) good checkpoint; to their average where the run kept one.
 *
 * @returns which checkpoint it was, and newer ones that could not be read.
 * @throws {FormatError} `CHECKPOINT_MISSING` when there is none, `CHECKPOINT_DAMAGED` when none can be read.
 * @throws {FormatError} `WEIGHTS_MISMATCH`, {ShapeError} when the model is another.
 * @example await restoreWeights(model, storage); // after early stopping: the best, not the last
 */
export async function restoreWeights(
  model: { readonly parameters: ReadonlyMap<string, Tensor> },
  storage: CheckpointStorage,
  which: "best" | "latest" = "best",
): Promise<{
  readonly name: string;
  readonly step: number;
  readonly damaged: readonly { readonly name: string; readonly error: SeqError }[];
}> {
  const loaded = await new Checkpoints(storage, { writer }).load(which);
  if (loaded === undefined) {
    throw new FormatError(
      `restoreWeights: there is no ${which} checkpoint; train with checkpoints${which === "best" ? " and evaluation" : ""} first.`,
      { code: "CHECKPOINT_MISSING" },
    );
  }
  const { name, snapshot, damaged } = loaded;
  const weights = new Map([...snapshot.weights, ...snapshot.average.tensors]);
  loadWeights(model.parameters as ReadonlyMap<string, Variable>, encodeTensors(weights), {
    where: name,
  });
  return { name, step: snapshot.step, damaged };
}
