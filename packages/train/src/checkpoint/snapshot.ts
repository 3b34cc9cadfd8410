/**
 * All that a run needs to go on bit for bit, as the files of a checkpoint:
 *
 *   manifest.json          kind, format version, writer, size and CRC-32 of every other file
 *   state.json             step, epoch, generator, data cursor, schedule, optimizer counters, model's kind and config
 *   weights.safetensors    parameters
 *   optimizer.safetensors  the optimizer's slots, named slot/parameter
 *   carried.safetensors    the state carried from chunk to chunk, when there is one
 *   average.safetensors    averaged parameters, when they are kept
 *   files/...              what the caller adds: a tokenizer, a configuration
 */
import {
  createArtifactHeader,
  FormatError,
  parseArtifactHeader,
  type RngState,
  verifyArtifactFile,
} from "@seq/core";
import type { DataCursor } from "../data/training-data.types.ts";
import type { DivergenceState } from "../loop/divergence.ts";
import type { WatchState } from "../loop/watch.ts";
import type { OptimizerSlot, OptimizerState } from "../optimizers/optimizer.types.ts";
import type { CheckpointFiles } from "./storage.types.ts";
import { decodeTensors, encodeTensors, type TensorValues } from "./weights.ts";

const identity = { kind: "checkpoint", formatVersion: 1 } as const;

export interface TrainingSnapshot {
  readonly step: number;
  readonly epoch: number;
  /** Loss of the last step. */
  readonly loss: number;
  /** True when the evaluation of this very step was the best so far. */
  readonly best: boolean;
  readonly rng: RngState;
  readonly data: DataCursor;
  readonly schedule: { readonly kind: string; readonly state: unknown };
  readonly optimizer: OptimizerState;
  readonly watch: WatchState | null;
  readonly divergence: DivergenceState | null;
  readonly model: { readonly kind: string; readonly config: Readonly<Record<string, unknown>> };
  readonly weights: ReadonlyMap<string, TensorValues>;
  readonly carried: {
    readonly shape: unknown;
    readonly tensors: ReadonlyMap<string, TensorValues>;
  };
  readonly average: {
    readonly state: unknown;
    readonly tensors: ReadonlyMap<string, TensorValues>;
  };
  /** Added by the caller. */
  readonly files: CheckpointFiles;
}

const extra = "files/";

/** @param writer - package and version, for people. */
export function encodeSnapshot(snapshot: TrainingSnapshot, writer: string): CheckpointFiles {
  const { optimizer, weights, carried, average, files: own, ...plain } = snapshot;
  const state = {
    ...plain,
    // JSON has no NaN: a run that has not taken a step yet has no loss.
    loss: Number.isFinite(plain.loss) ? plain.loss : null,
    optimizer: { kind: optimizer.kind, scalars: optimizer.scalars },
    carried: carried.shape,
    average: average.state,
  };
  const slots = optimizer.slots.map(
    ({ slot, parameter, shape, values }) => [`${slot}/${parameter}`, { shape, values }] as const,
  );
  const files = new Map<string, Uint8Array>([
    ["state.json", new TextEncoder().encode(JSON.stringify(state, replaceNaN, 1))],
    ["weights.safetensors", encodeTensors(weights)],
    ["optimizer.safetensors", encodeTensors(new Map(slots))],
  ]);
  if (carried.tensors.size > 0) files.set("carried.safetensors", encodeTensors(carried.tensors));
  if (average.tensors.size > 0) files.set("average.safetensors", encodeTensors(average.tensors));
  for (const [name, bytes] of own) files.set(extra + name, bytes);
  const header = createArtifactHeader({ ...identity, writer }, files);
  files.set("manifest.json", new TextEncoder().encode(JSON.stringify(header, null, 1)));
  return files;
}

/**
 * Reads a checkpoint and checks every file against the manifest.
 *
 * @param where - the checkpoint, for messages.
 * @throws {FormatError} `ARTIFACT_HEADER`, `ARTIFACT_KIND`, `ARTIFACT_VERSION`, `ARTIFACT_CHECKSUM`,
 *   `CHECKPOINT_DAMAGED`, `SAFETENSORS`.
 */
export function decodeSnapshot(where: string, files: CheckpointFiles): TrainingSnapshot {
  const text = (name: string): string => new TextDecoder().decode(need(where, files, name));
  const header = parseArtifactHeader(`${where}/manifest.json`, text("manifest.json"), identity);
  for (const name of Object.keys(header.files)) {
    verifyArtifactFile(where, header, name, need(where, files, name));
  }
  const state = parseState(`${where}/state.json`, text("state.json"));
  const tensors = (name: string): Map<string, TensorValues> => {
    const bytes = files.get(name);
    return bytes === undefined ? new Map() : decodeTensors(`${where}/${name}`, bytes);
  };
  const slots = [...tensors("optimizer.safetensors")].map(([key, value]): OptimizerSlot => {
    const cut = key.indexOf("/");
    return { slot: key.slice(0, cut), parameter: key.slice(cut + 1), ...value };
  });
  const own = [...files].filter(([name]) => name.startsWith(extra));
  return {
    ...(state as unknown as TrainingSnapshot),
    loss: (state["loss"] as number | null) ?? Number.NaN,
    optimizer: { ...(state["optimizer"] as OptimizerState), slots },
    weights: decodeTensors(
      `${where}/weights.safetensors`,
      need(where, files, "weights.safetensors"),
    ),
    carried: { shape: state["carried"], tensors: tensors("carried.safetensors") },
    average: { state: state["average"], tensors: tensors("average.safetensors") },
    files: new Map(own.map(([name, bytes]) => [name.slice(extra.length), bytes])),
  };
}

function need(where: string, files: CheckpointFiles, name: string): Uint8Array {
  const bytes = files.get(name);
  if (bytes === undefined) {
    throw new FormatError(`${where}: ${name} is missing.`, {
      code: "CHECKPOINT_DAMAGED",
      details: { name },
    });
  }
  return bytes;
}

function parseState(where: string, json: string): Record<string, unknown> {
  let state: unknown;
  try {
    state = JSON.parse(json, restoreNaN);
  } catch (cause) {
    throw new FormatError(`${where}: not valid JSON: ${(cause as Error).message}.`, {
      code: "CHECKPOINT_DAMAGED",
      cause,
    });
  }
  const { step, epoch } = (state ?? {}) as Record<string, unknown>;
  if (!Number.isSafeInteger(step) || !Number.isSafeInteger(epoch)) {
    throw new FormatError(`${where}: has no step and epoch.`, { code: "CHECKPOINT_DAMAGED" });
  }
  return state as Record<string, unknown>;
}

/** Numbers that JSON cannot write: an optimizer's counters may hold them. */
function replaceNaN(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  return value;
}

function restoreNaN(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("$number" in value)) return value;
  return Number(value.$number);
}
