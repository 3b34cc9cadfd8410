/** The checkpoints of one run: saving, finding the newest good one, keeping only those that are wanted. */
import { checkInteger, FormatError, SeqError } from "@seq/core";
import { decodeSnapshot, encodeSnapshot, type TrainingSnapshot } from "./snapshot.ts";
import type { CheckpointStorage } from "./storage.types.ts";

export interface RetentionOptions {
  /** Newest checkpoints that are kept (default 2: the last one and the one before it). */
  readonly keep?: number;
  /** Checkpoints at multiples of this many steps are kept for good. */
  readonly keepEvery?: number;
}

export interface LoadedCheckpoint {
  readonly name: string;
  readonly snapshot: TrainingSnapshot;
  /** Newer checkpoints that could not be read, and why. */
  readonly damaged: readonly { readonly name: string; readonly error: SeqError }[];
}

const pattern = /^step-(\d{8,})(-best)?$/;

export class Checkpoints {
  readonly #storage: CheckpointStorage;
  readonly #keep: number;
  readonly #keepEvery: number;
  readonly #writer: string;

  /** @param writer - package and version, as the manifest names it. */
  constructor(storage: CheckpointStorage, options: RetentionOptions & { writer: string }) {
    this.#storage = storage;
    this.#keep = checkInteger("checkpoints", "keep", options.keep ?? 2, { min: 1 });
    const every = options.keepEvery;
    this.#keepEvery =
      every === undefined ? 0 : checkInteger("checkpoints", "keepEvery", every, { min: 1 });
    this.#writer = options.writer;
  }

  /**
   * Writes a checkpoint, then removes those that are no longer wanted: never before the new one is safe.
   *
   * @returns its name.
   * @throws {SeqError} `CHECKPOINT_WRITE`; the ones before are untouched.
   */
  async save(snapshot: TrainingSnapshot): Promise<string> {
    const name = `step-${String(snapshot.step).padStart(8, "0")}${snapshot.best ? "-best" : ""}`;
    await this.#storage.write(name, encodeSnapshot(snapshot, this.#writer));
    await this.#prune();
    return name;
  }

  /**
   * The newest readable checkpoint, or the newest readable best one; `undefined` when there is none at all.
   *
   * @throws {FormatError} `CHECKPOINT_DAMAGED` when there are some and none can be read.
   */
  async load(which: "latest" | "best"): Promise<LoadedCheckpoint | undefined> {
    const all = await this.#names();
    const wanted = which === "best" ? all.filter((name) => name.endsWith("-best")) : all;
    const damaged: { name: string; error: SeqError }[] = [];
    for (const name of wanted.reverse()) {
      try {
        return { name, snapshot: decodeSnapshot(name, await this.#storage.read(name)), damaged };
      } catch (error) {
        if (!SeqError.is(error)) throw error;
        damaged.push({ name, error });
      }
    }
    if (damaged.length === 0) return undefined;
    const reasons = damaged.map(({ error }) => error.message).join(" ");
    throw new FormatError(`checkpoints: none of ${damaged.length} can be read: ${reasons}`, {
      code: "CHECKPOINT_DAMAGED",
      details: { damaged: damaged.map(({ name }) => name) },
    });
  }

  /** In order of their steps. */
  async #names(): Promise<string[]> {
    const names = (await this.#storage.list()).filter((name) => pattern.test(name));
    return names.sort((a, b) => stepOf(a) - stepOf(b) || a.length - b.length);
  }

  async #prune(): Promise<void> {
    const names = await this.#names();
    const newest = new Set(names.slice(-this.#keep));
    const best = names.findLast((name) => name.endsWith("-best"));
    for (const name of names) {
      const milestone = this.#keepEvery > 0 && stepOf(name) % this.#keepEvery === 0;
      if (!newest.has(name) && name !== best && !milestone) await this.#storage.remove(name);
    }
  }
}

function stepOf(name: string): number {
  return Number(pattern.exec(name)?.[1]);
}
