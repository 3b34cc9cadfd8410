/**
 * Batches from a stream of rows that does not fit in memory: rows are read pool by pool, and each pool is sorted and
 * shuffled like data in memory. Memory: one pool. A resumed run reads the epoch again up to its place.
 */
import {
  checkInteger,
  checkOptions,
  FormatError,
  OptionError,
  type PairBatch,
  Rng,
  type RngState,
  type SequenceBatch,
} from "@seq/core";
import type { IdPair, Ids } from "./bucketed-batches.ts";
import { Fingerprint } from "./cursor.ts";
import { padSequences } from "./pad-sequences.ts";
import { type BatchPlan, type BucketOptions, planBuckets } from "./plan-buckets.ts";
import type { DataCursor, TrainingData, TrainingItem } from "./training-data.types.ts";

export interface StreamOptions {
  /** Rows in a batch at most (default 32, or no limit when `maxTokens` is given). */
  readonly batchSize?: number;
  /** Padded cells in a batch at most, source and target together. */
  readonly maxTokens?: number;
  /** Rows held in memory (default 10,000). */
  readonly poolRows?: number;
  /** Mix the rows of a pool (default true); the order of the pools is the stream's. */
  readonly shuffle?: boolean;
  /** Seeds the order (default 0). */
  readonly seed?: number;
}

/** Opens the stream anew, at each epoch: a generator function, or one that opens a file. */
export type OpenStream<Row> = () => Iterable<Row> | AsyncIterable<Row>;

interface RowKind<Row, Batch> {
  readonly where: string;
  /** One array of ids per side; the first sorts first. */
  readonly sides: (row: Row) => readonly Ids[];
  readonly build: (sides: readonly (readonly Ids[])[]) => Batch;
}

class StreamedBatches<Row, Batch> implements TrainingData<Batch> {
  readonly #open: OpenStream<Row>;
  readonly #kind: RowKind<Row, Batch>;
  readonly #options: BucketOptions;
  readonly #poolRows: number;
  readonly #settings: string;
  #rng: Rng;
  #epochStart: RngState;
  #epoch = 0;
  /** Batches of the epoch given so far. */
  #position = 0;
  #rows: AsyncIterator<Row> | Iterator<Row> | undefined;
  #ahead: Row | undefined;
  #pool: (readonly Ids[])[] = [];
  #plan: BatchPlan = { order: new Uint32Array(), starts: new Uint32Array(1), paddingRatio: 0 };
  #given = 0;
  #hash = new Fingerprint();
  #cells = { padded: 0, used: 0 };

  constructor(open: OpenStream<Row>, kind: RowKind<Row, Batch>, options: StreamOptions) {
    const { where } = kind;
    checkOptions(where, options, ["batchSize", "maxTokens", "poolRows", "shuffle", "seed"]);
    const { maxTokens, shuffle = true, seed = 0 } = options;
    const defaultRows = maxTokens === undefined ? 32 : 2 ** 31;
    const limit = maxTokens ?? Number.POSITIVE_INFINITY;
    this.#open = open;
    this.#kind = kind;
    this.#poolRows = checkInteger(where, "poolRows", options.poolRows ?? 10_000, { min: 1 });
    this.#options = {
      batchSize: checkInteger(where, "batchSize", options.batchSize ?? defaultRows, { min: 1 }),
      maxTokens: limit === Number.POSITIVE_INFINITY ? limit : checkInteger(where, "maxTokens", limit, { min: 1 }), // biome-ignore format: one line
      poolBatches: Number.POSITIVE_INFINITY,
      shuffle,
    };
    this.#settings = `${this.#options.batchSize} ${limit} ${this.#poolRows} ${shuffle}`;
    this.#rng = new Rng(seed);
    this.#epochStart = this.#rng.state;
  }

  /** Known after the first epoch only to those who counted. */
  get batchesPerEpoch(): undefined {
    return undefined;
  }

  /** Share of the cells of all batches given so far that is padding, 0..1. */
  get paddingRatio(): number {
    return this.#cells.padded === 0 ? 0 : 1 - this.#cells.used / this.#cells.padded;
  }

  async next(): Promise<TrainingItem<Batch>> {
    if (this.#given === this.#plan.starts.length - 1) await this.#fillPool();
    const { order, starts } = this.#plan;
    const rows = order.subarray(starts[this.#given], starts[this.#given + 1]);
    this.#given++;
    this.#position++;
    const picked = Array.from(rows, (row) => this.#pool[row] as readonly Ids[]);
    this.#count(picked);
    return {
      batch: this.#kind.build(picked),
      epoch: this.#epoch,
      endsEpoch: this.#given === starts.length - 1 && this.#ahead === undefined,
      continues: false,
    };
  }

  cursor(): DataCursor {
    return {
      kind: "streamed",
      epoch: this.#epoch,
      position: this.#position,
      rng: this.#epochStart,
      fingerprint: this.#fingerprint(),
    };
  }

  async seek(cursor: DataCursor): Promise<void> {
    await this.#close();
    this.#rng = Rng.fromState(cursor.rng);
    this.#epoch = cursor.epoch;
    this.#startEpoch();
    while (this.#position < cursor.position) {
      if (this.#rows !== undefined && this.#ahead === undefined) break; // a shorter stream than it was
      await this.#fillPool();
      const batches = this.#plan.starts.length - 1;
      this.#given = Math.min(batches, cursor.position - this.#position);
      this.#position += this.#given;
    }
    if (this.#fingerprint() !== cursor.fingerprint) {
      throw new FormatError(
        `${this.#kind.where}.seek: the stream or the batch options are not those the cursor was saved with (fingerprint ${cursor.fingerprint}, here ${this.#fingerprint()}); give the same data and options, or start anew.`,
        { code: "DATA_CURSOR" },
      );
    }
  }

  /** Reads the next pool and plans its batches; at the end of the stream the next epoch begins. */
  async #fillPool(): Promise<void> {
    if (this.#rows !== undefined && this.#ahead === undefined) {
      this.#epoch++;
      this.#rows = undefined;
    }
    if (this.#rows === undefined) {
      if (this.#position > 0) this.#startEpoch();
      const stream = this.#open();
      this.#rows =
        Symbol.asyncIterator in stream ? stream[Symbol.asyncIterator]() : stream[Symbol.iterator]();
      await this.#advance();
      if (this.#ahead === undefined) {
        throw new OptionError(
          `${this.#kind.where}: the stream has no rows; expected at least one.`,
          {
            code: "NO_DATA",
          },
        );
      }
    }
    this.#pool = [];
    while (this.#ahead !== undefined && this.#pool.length < this.#poolRows) {
      const sides = this.#kind.sides(this.#ahead);
      this.#check(sides);
      for (const side of sides) this.#hash.add(side);
      this.#pool.push(sides);
      await this.#advance();
    }
    const lengths = this.#pool[0]!.map((_, side) =>
      Int32Array.from(this.#pool, (row) => (row[side] as Ids).length),
    );
    this.#plan = planBuckets(lengths, this.#options, this.#rng);
    this.#given = 0;
  }

  #startEpoch(): void {
    this.#position = 0;
    this.#epochStart = this.#rng.state;
    this.#hash = new Fingerprint();
    this.#plan = { order: new Uint32Array(), starts: new Uint32Array(1), paddingRatio: 0 };
    this.#given = 0;
  }

  async #advance(): Promise<void> {
    const coming = this.#rows!.next();
    const { done, value } = coming instanceof Promise ? await coming : coming;
    this.#ahead = done === true ? undefined : (value as Row);
  }

  async #close(): Promise<void> {
    await this.#rows?.return?.();
    this.#rows = undefined;
    this.#ahead = undefined;
  }

  #fingerprint(): string {
    return `${this.#hash.digest()} ${this.#settings}`;
  }

  #check(sides: readonly Ids[]): void {
    const length = sides.reduce((sum, side) => sum + side.length, 0);
    const { maxTokens } = this.#options;
    if (sides.every((side) => side.length > 0) && length <= maxTokens) return;
    throw new OptionError(
      `${this.#kind.where}: row ${this.#pool.length} of a pool has ${sides.map((s) => s.length).join(" and ")} ids, expected at least 1 a side and at most ${maxTokens}; leave such rows out.`,
      { code: "ROW_LENGTH", details: { length, maxTokens } },
    );
  }

  #count(rows: readonly (readonly Ids[])[]): void {
    for (let side = 0; side < rows[0]!.length; side++) {
      let longest = 0;
      for (const row of rows) {
        const { length } = row[side] as Ids;
        this.#cells.used += length;
        if (length > longest) longest = length;
      }
      this.#cells.padded += rows.length * longest;
    }
  }
}

export type { StreamedBatches };

/**
 * Batches for language models from a stream of rows of ids.
 *
 * @throws {OptionError} `NO_DATA`, `ROW_LENGTH`, from `next`.
 */
export function streamSequenceBatches(
  open: OpenStream<Ids>,
  options: StreamOptions = {},
): StreamedBatches<Ids, SequenceBatch> {
  return new StreamedBatches(
    open,
    {
      where: "streamSequenceBatches",
      sides: (row) => [row],
      build: (rows) => padSequences(rows.map(([row]) => row as Ids)),
    },
    options,
  );
}

/**
 * Batches for encoder-decoders from a stream of pairs.
 *
 * @throws {OptionError} `NO_DATA`, `ROW_LENGTH`, from `next`.
 */
export function streamPairBatches(
  open: OpenStream<IdPair>,
  options: StreamOptions = {},
): StreamedBatches<IdPair, PairBatch> {
  return new StreamedBatches(
    open,
    {
      where: "streamPairBatches",
      sides: ({ target, source }) => [target, source],
      build: (rows) => ({
        source: padSequences(rows.map(([, source]) => source as Ids)),
        target: padSequences(rows.map(([target]) => target as Ids)),
      }),
    },
    options,
  );
}

/**
 * All ids of a stream of rows in one array, for `contiguousBatches`: four bytes an id, and at most twice that on the way.
 *
 * @example await collectIds(encodeLines(streamLines("corpus.txt.gz")))
 */
export async function collectIds(rows: AsyncIterable<Ids> | Iterable<Ids>): Promise<Int32Array> {
  let ids = new Int32Array(1 << 16);
  let length = 0;
  for await (const row of rows) {
    if (length + row.length > ids.length) {
      const grown = new Int32Array(Math.max(2 * ids.length, length + row.length));
      grown.set(ids);
      ids = grown;
    }
    ids.set(row, length);
    length += row.length;
  }
  return ids.slice(0, length);
}
