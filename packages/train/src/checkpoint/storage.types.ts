/** Where checkpoints lie: a folder, a browser's database, memory. */

/** The files of one checkpoint by name. */
export type CheckpointFiles = ReadonlyMap<string, Uint8Array>;

export interface CheckpointStorage {
  /** Names of the checkpoints that were written to the end, in any order. */
  list(): Promise<readonly string[]>;
  /**
   * Writes a checkpoint whole or not at all: after a crash at any moment it is either complete or not listed, and all
   * others are as they were. One of the same name is replaced.
   *
   * @throws {SeqError} `CHECKPOINT_WRITE` when it could not (a full disk).
   */
  write(name: string, files: CheckpointFiles): Promise<void>;
  /** @throws {FormatError} `CHECKPOINT_MISSING` */
  read(name: string): Promise<CheckpointFiles>;
  /** Removing what is not there is no error. */
  remove(name: string): Promise<void>;
}
