/** Batches of sequences or of pairs in memory, by length, in a seeded order, with a cursor that can be saved. */
import {
  checkInteger,
  checkNumber,
  checkOptions,
  OptionError,
  type PairBatch,
  Rng,
  type RngState,
  type SequenceBatch,
} from "@seq/core";
import { checkCursor, Fingerprint } from "./cursor.ts";
import { padSequences } from "./pad-sequences.ts";
import { type BatchPlan, planBuckets } from "./plan-buckets.ts";
import type { DataCursor, TrainingData, TrainingItem } from "./training-data.types.ts";

/** Ids of one row; also a plain array. */
export type Ids = ArrayLike<number>;

/** A source and a target sequence, with the special tokens the model expects. */
export interface IdPair {
  readonly source: Ids;
  readonly target: Ids;
}

export interface BatchOptions {
  /** Rows in a batch at most (default 32, or no limit when `maxTokens` is given). */
  readonly batchSize?: number;
  /** Padded cells in a batch at most: rows times the longest length, source and target together. */
  readonly maxTokens?: number;
  /** Batches whose rows are sorted by length together (default 100): higher pads less, lower mixes more. */
  readonly poolBatches?: number;
  /** A new random order each epoch (default true); false keeps the order of the rows but for the length pools. */
  readonly shuffle?: boolean;
  /** Seeds the order (default 0). */
  readonly seed?: number;
  /** What pad cells hold (default 0); models never read it. */
  readonly paddingId?: number;
}

const optionNames = ["batchSize", "maxTokens", "poolBatches", "shuffle", "seed", "paddingId"];

/** Batches of `[target, source]` or `[sequence]` rows: the part that both public functions share. */
class BucketedBatches<Batch> implements TrainingData<Batch> {
  readonly #sides: readonly Int32Array[];
  readonly #options: Required<BatchOptions>;
  readonly #build: (rows: Uint32Array) => Batch;
  readonly #fingerprint: string;
  #rng: Rng;
  #epochStart: RngState;
  #plan: BatchPlan;
  #epoch = 0;
  #position = 0;

  constructor(
    sides: readonly Int32Array[],
    options: Required<BatchOptions>,
    fingerprint: string,
    build: (rows: Uint32Array) => Batch,
  ) {
    this.#sides = sides;
    this.#options = options;
    this.#fingerprint = fingerprint;
    this.#build = build;
    this.#rng = new Rng(options.seed);
    this.#epochStart = this.#rng.state;
    this.#plan = planBuckets(sides, options, this.#rng);
  }

  get batchesPerEpoch(): number {
    return this.#plan.starts.length - 1;
  }

  /** Share of the cells of the epoch under way that is padding, 0..1. */
  get paddingRatio(): number {
    return this.#plan.paddingRatio;
  }

  next(): TrainingItem<Batch> {
    if (this.#position === this.batchesPerEpoch) this.#startEpoch(this.#epoch + 1);
    const { order, starts } = this.#plan;
    const rows = order.subarray(starts[this.#position], starts[this.#position + 1]);
    this.#position++;
    return {
      batch: this.#build(rows),
      epoch: this.#epoch,
      endsEpoch: this.#position === this.batchesPerEpoch,
      continues: false,
    };
  }

  cursor(): DataCursor {
    return {
      kind: "bucketed",
      epoch: this.#epoch,
      position: this.#position,
      rng: this.#epochStart,
      fingerprint: this.#fingerprint,
    };
  }

  seek(saved: DataCursor): void {
    const cursor = checkCursor("BucketedBatches", saved, this.#fingerprint);
    this.#rng = Rng.fromState(cursor.rng);
    this.#startEpoch(cursor.epoch);
    this.#position = cursor.position;
  }

  #startEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#position = 0;
    this.#epochStart = this.#rng.state;
    this.#plan = planBuckets(this.#sides, this.#options, this.#rng);
  }
}

export type { BucketedBatches };

/**
 * Batches for language models and encoders.
 *
 * @throws {OptionError} `NO_DATA` without rows; `ROW_LENGTH` for an empty row or one above `maxTokens`, by number.
 * @example sequenceBatches([[5, 6, 7], [8, 9]], { batchSize: 2 }).next().batch.ids // 5 6 7 8 9 0, or 8 9 0 5 6 7
 */
export function sequenceBatches(
  rows: readonly Ids[],
  options: BatchOptions = {},
): BucketedBatches<SequenceBatch> {
  const where = "sequenceBatches";
  const checked = checkBatchOptions(where, options);
  const lengths = checkRows(where, "row", rows, checked.maxTokens);
  return new BucketedBatches([lengths], checked, fingerprint(rows, [], checked), (numbers) =>
    pick(rows, numbers, checked.paddingId),
  );
}

/**
 * Batches of anything that goes with rows of ids: tagged sentences, labelled texts.
 *
 * @param rows - what decides length, order and fingerprint.
 * @param build - makes the batch of some row numbers; must not keep them.
 * @throws {OptionError} as `sequenceBatches`.
 * @example rowBatches(texts, (numbers) => labelledBatch(texts, labels, numbers), { batchSize: 32 })
 */
export function rowBatches<Batch>(
  rows: readonly Ids[],
  build: (numbers: Uint32Array) => Batch,
  options: BatchOptions = {},
): BucketedBatches<Batch> {
  const where = "rowBatches";
  const checked = checkBatchOptions(where, options);
  const lengths = checkRows(where, "row", rows, checked.maxTokens);
  return new BucketedBatches([lengths], checked, fingerprint(rows, [], checked), build);
}

/**
 * Batches for encoder-decoders: rows sorted by the target's length, then by the source's.
 *
 * @throws {OptionError} as `sequenceBatches`.
 */
export function pairBatches(
  pairs: readonly IdPair[],
  options: BatchOptions = {},
): BucketedBatches<PairBatch> {
  const where = "pairBatches";
  const checked = checkBatchOptions(where, options);
  const sources = pairs.map((pair) => pair.source);
  const targets = pairs.map((pair) => pair.target);
  const targetLengths = checkRows(where, "the target of pair", targets, checked.maxTokens);
  const sourceLengths = checkRows(where, "the source of pair", sources, checked.maxTokens);
  for (let i = 0; i < pairs.length; i++) {
    checkBudget(where, `pair ${i}`, sourceLengths[i]! + targetLengths[i]!, checked.maxTokens);
  }
  return new BucketedBatches(
    [targetLengths, sourceLengths],
    checked,
    fingerprint(targets, sources, checked),
    (numbers) => ({
      source: pick(sources, numbers, checked.paddingId),
      target: pick(targets, numbers, checked.paddingId),
    }),
  );
}

function pick(rows: readonly Ids[], numbers: Uint32Array, paddingId: number): SequenceBatch {
  return padSequences(
    Array.from(numbers, (number) => rows[number] as Ids),
    { paddingId },
  );
}

function checkBatchOptions(where: string, options: BatchOptions): Required<BatchOptions> {
  checkOptions(where, options, optionNames);
  const { maxTokens, poolBatches = 100, shuffle = true, seed = 0, paddingId = 0 } = options;
  const defaultRows = maxTokens === undefined ? 32 : 2 ** 31;
  return {
    batchSize: checkInteger(where, "batchSize", options.batchSize ?? defaultRows, { min: 1 }),
    maxTokens:
      maxTokens === undefined
        ? Number.POSITIVE_INFINITY
        : checkInteger(where, "maxTokens", maxTokens, { min: 1 }),
    poolBatches:
      poolBatches === Number.POSITIVE_INFINITY
        ? poolBatches
        : checkNumber(where, "poolBatches", poolBatches, { min: 1 }),
    shuffle,
    seed,
    paddingId: checkInteger(where, "paddingId", paddingId),
  };
}

function checkRows(
  where: string,
  what: string,
  rows: readonly Ids[],
  maxTokens: number,
): Int32Array {
  if (rows.length === 0) {
    throw new OptionError(`${where}: no rows; expected at least one.`, { code: "NO_DATA" });
  }
  return Int32Array.from(rows, ({ length }, i) => {
    if (length === 0) {
      throw new OptionError(`${where}: ${what} ${i} is empty; leave such rows out.`, {
        code: "ROW_LENGTH",
        details: { row: i, length },
      });
    }
    checkBudget(where, `${what} ${i}`, length, maxTokens);
    return length;
  });
}

function checkBudget(where: string, what: string, length: number, maxTokens: number): void {
  if (length <= maxTokens) return;
  throw new OptionError(
    `${where}: ${what} has ${length} ids, above maxTokens ${maxTokens}; raise maxTokens or leave such rows out.`,
    { code: "ROW_LENGTH", details: { length, maxTokens } },
  );
}

function fingerprint(
  first: readonly Ids[],
  second: readonly Ids[],
  { batchSize, maxTokens, poolBatches, shuffle }: Required<BatchOptions>,
): string {
  const hash = new Fingerprint();
  for (const row of first) hash.add(row);
  for (const row of second) hash.add(row);
  return hash.addText(`${batchSize} ${maxTokens} ${poolBatches} ${shuffle}`).digest();
}
