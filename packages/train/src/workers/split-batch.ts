/** Rows of one batch dealt out to replicas. */
import { OptionError, type PairBatch, type SequenceBatch } from "@seq/core";

/**
 * Cuts a batch into at most `parts` batches of neighbouring rows, as equal as can be; each is cut to its own longest row.
 * The same batch gives the same parts, so that rows that go on (chunks of a text) stay with their replica.
 *
 * @throws {OptionError} `UNKNOWN_BATCH` for what is neither `SequenceBatch` nor `PairBatch`.
 */
export function splitBatch<Batch>(batch: Batch, parts: number): Batch[] {
  if (isSequences(batch)) return splitSequences(batch, parts, false) as Batch[];
  const pair = batch as Partial<PairBatch>;
  if (isSequences(pair.source) && isSequences(pair.target)) {
    const targets = splitSequences(pair.target, parts, true);
    return splitSequences(pair.source, parts, true).map((source, i) => ({
      source,
      target: targets[i],
    })) as Batch[];
  }
  throw new OptionError(
    "splitBatch: expected a SequenceBatch or a PairBatch; for other batches give replicas a split function.",
    { code: "UNKNOWN_BATCH" },
  );
}

function isSequences(batch: unknown): batch is SequenceBatch {
  const { ids, lengths } = (batch ?? {}) as Partial<SequenceBatch>;
  return ids instanceof Int32Array && lengths instanceof Int32Array;
}

/** @param trim - false keeps the time of the batch: carried state needs equal chunks. */
function splitSequences(batch: SequenceBatch, parts: number, trim: boolean): SequenceBatch[] {
  const { ids, lengths, batchSize, time } = batch;
  const count = Math.min(parts, batchSize);
  return Array.from({ length: count }, (_, part) => {
    const begin = Math.floor((part * batchSize) / count);
    const end = Math.floor(((part + 1) * batchSize) / count);
    const own = lengths.slice(begin, end);
    const width = trim ? own.reduce((a, b) => Math.max(a, b), 1) : time;
    const cells = new Int32Array((end - begin) * width);
    for (let row = begin; row < end; row++) {
      cells.set(ids.subarray(row * time, row * time + width), (row - begin) * width);
    }
    return { ids: cells, lengths: own, batchSize: end - begin, time: width };
  });
}
