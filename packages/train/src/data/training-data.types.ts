/** What the training loop asks of data: an endless row of batches with a place mark that can be saved. */
import type { RngState } from "@seq/core";

/** One batch and where it stands. */
export interface TrainingItem<Batch> {
  readonly batch: Batch;
  /** The epoch it belongs to, from 0. */
  readonly epoch: number;
  /** True for the last batch of its epoch. */
  readonly endsEpoch: boolean;
  /** True when the rows go on where the batch before ended: the model's state is carried over. */
  readonly continues: boolean;
}

/** Where the data stands, as plain JSON; the next batch after `seek(cursor)` is the one that would have come. */
export interface DataCursor {
  readonly kind: string;
  readonly epoch: number;
  /** Batches of the epoch already given. */
  readonly position: number;
  /** The generator as it was when the epoch began: the epoch's order can be planned again. */
  readonly rng: RngState;
  /** A hash of the data and the options: a cursor of other data is refused. */
  readonly fingerprint: string;
}

/** Batches without end: after the last one of an epoch the next epoch begins, in a new order. */
export interface TrainingData<Batch> {
  /** Number of batches in the epoch under way, when known; for the estimate of the time left. */
  readonly batchesPerEpoch: number | undefined;
  next(): TrainingItem<Batch> | Promise<TrainingItem<Batch>>;
  cursor(): DataCursor;
  /** @throws {FormatError} `DATA_CURSOR` when the cursor belongs to other data or other options. */
  seek(cursor: DataCursor): void | Promise<void>;
}
