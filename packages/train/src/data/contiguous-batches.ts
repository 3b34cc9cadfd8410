/**
 * Chunks for truncated back-propagation through time: the text is cut into `batchSize` long rows, and each batch holds
 * the next `chunkLength` targets of every row, so the model's state can be carried from batch to batch.
 */
import { checkInteger, checkOptions, OptionError, Rng, type SequenceBatch } from "@seq/core";
import type { Ids } from "./bucketed-batches.ts";
import { checkCursor, Fingerprint } from "./cursor.ts";
import type { DataCursor, TrainingData, TrainingItem } from "./training-data.types.ts";

export interface ContiguousOptions {
  /** Rows (parallel streams); each is a stretch of the text of one length. */
  readonly batchSize: number;
  /** Targets in a chunk: the number of steps that gradients go back (Zaremba et al. 2014: 20 or 35). */
  readonly chunkLength: number;
}

/**
 * Batches of `[batchSize, chunkLength + 1]` ids. The last id of a chunk is the first of the next one: it is a target
 * here and an input there, so no target is lost at the edges. Up to `batchSize` - 1 ids at the end of the text are left
 * out, and the last chunk of an epoch may be shorter.
 *
 * @throws {OptionError} `NO_DATA` when the text is too short for two ids a row.
 * @see Mikolov et al. 2010; Zaremba et al. 2014, section 4.1.
 * @example contiguousBatches([1, 2, 3, 4, 5], { batchSize: 1, chunkLength: 2 }) // 1 2 3, then 3 4 5
 */
export function contiguousBatches(
  ids: Ids,
  options: ContiguousOptions,
): TrainingData<SequenceBatch> & { readonly batchesPerEpoch: number } {
  const where = "contiguousBatches";
  checkOptions(where, options, ["batchSize", "chunkLength"]);
  const batchSize = checkInteger(where, "batchSize", options.batchSize, { min: 1 });
  const chunkLength = checkInteger(where, "chunkLength", options.chunkLength, { min: 1 });
  const rowLength = Math.floor(ids.length / batchSize);
  if (rowLength < 2) {
    throw new OptionError(
      `${where}: ${ids.length} ids for ${batchSize} rows, expected at least two ids a row; use a smaller batchSize or more text.`,
      { code: "NO_DATA", details: { ids: ids.length, batchSize } },
    );
  }
  const fingerprint = new Fingerprint().add(ids).addText(`${batchSize} ${chunkLength}`).digest();
  const batchesPerEpoch = Math.ceil((rowLength - 1) / chunkLength);
  const rng = new Rng(0).state; // nothing is random here; the cursor has one form
  let epoch = 0;
  let position = 0;

  const build = (chunk: number): SequenceBatch => {
    const begin = chunk * chunkLength;
    const time = Math.min(chunkLength, rowLength - 1 - begin) + 1;
    const cells = new Int32Array(batchSize * time);
    for (let row = 0; row < batchSize; row++) {
      const from = row * rowLength + begin;
      for (let t = 0; t < time; t++) cells[row * time + t] = ids[from + t] as number;
    }
    return { ids: cells, lengths: new Int32Array(batchSize).fill(time), batchSize, time };
  };
  return {
    batchesPerEpoch,
    next: (): TrainingItem<SequenceBatch> => {
      if (position === batchesPerEpoch) {
        position = 0;
        epoch++;
      }
      const chunk = position++;
      return {
        batch: build(chunk),
        epoch,
        endsEpoch: position === batchesPerEpoch,
        continues: chunk > 0,
      };
    },
    cursor: (): DataCursor => ({ kind: "contiguous", epoch, position, rng, fingerprint }),
    seek: (saved) => {
      const cursor = checkCursor(where, saved, fingerprint);
      epoch = cursor.epoch;
      position = cursor.position;
    },
  };
}
