/** Checkpoints in memory, and from there in one file. */
import { FormatError } from "@seq/core";
import type { CheckpointFiles, CheckpointStorage } from "./storage.types.ts";

export class MemoryStorage implements CheckpointStorage {
  readonly #checkpoints = new Map<string, CheckpointFiles>();

  async list(): Promise<readonly string[]> {
    return [...this.#checkpoints.keys()];
  }

  async write(name: string, files: CheckpointFiles): Promise<void> {
    const copies = [...files].map(([file, bytes]) => [file, new Uint8Array(bytes)] as const);
    this.#checkpoints.set(name, new Map(copies));
  }

  async read(name: string): Promise<CheckpointFiles> {
    const files = this.#checkpoints.get(name);
    if (files === undefined) throw missingCheckpoint(name);
    return files;
  }

  async remove(name: string): Promise<void> {
    this.#checkpoints.delete(name);
  }
}

export function missingCheckpoint(name: string): FormatError {
  return new FormatError(`${name}: no such checkpoint.`, {
    code: "CHECKPOINT_MISSING",
    details: { name },
  });
}
