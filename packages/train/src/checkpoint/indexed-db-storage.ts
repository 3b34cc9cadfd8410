/** Checkpoints in a browser's IndexedDB: one record each, written in one transaction, so whole or not at all. */
import { SeqError } from "@seq/core";
import { missingCheckpoint } from "./memory-storage.ts";
import type { CheckpointFiles, CheckpointStorage } from "./storage.types.ts";

const store = "checkpoints";

export class IndexedDbStorage implements CheckpointStorage {
  readonly #database: string;
  readonly #factory: IDBFactory;

  /**
   * @param database - its name, one for each run.
   * @param factory - default the page's or worker's `indexedDB`.
   */
  constructor(database: string, factory: IDBFactory = globalThis.indexedDB) {
    this.#database = database;
    this.#factory = factory;
  }

  async list(): Promise<readonly string[]> {
    return this.#run("readonly", (checkpoints) => checkpoints.getAllKeys()) as Promise<string[]>;
  }

  async write(name: string, files: CheckpointFiles): Promise<void> {
    try {
      // A list of pairs: record keys such as "__proto__" would not survive as an object's.
      await this.#run("readwrite", (checkpoints) => checkpoints.put([...files], name));
    } catch (cause) {
      throw new SeqError(
        `checkpoint ${name}: cannot be written to the database "${this.#database}" (${(cause as Error).message}); the others are untouched. Free some of the site's storage.`,
        { code: "CHECKPOINT_WRITE", details: { name }, cause },
      );
    }
  }

  async read(name: string): Promise<CheckpointFiles> {
    const files = await this.#run("readonly", (checkpoints) => checkpoints.get(name));
    if (files === undefined) throw missingCheckpoint(name);
    return new Map(files as [string, Uint8Array][]);
  }

  async remove(name: string): Promise<void> {
    await this.#run("readwrite", (checkpoints) => checkpoints.delete(name));
  }

  /** Opens the database for one transaction; done when the transaction is, not when the request is. */
  async #run(
    mode: IDBTransactionMode,
    request: (checkpoints: IDBObjectStore) => IDBRequest,
  ): Promise<unknown> {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = this.#factory.open(this.#database, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(store);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(store, mode, { durability: "strict" });
        const made = request(transaction.objectStore(store));
        transaction.oncomplete = () => resolve(made.result);
        transaction.onabort = () => reject(transaction.error ?? made.error);
        transaction.onerror = () => reject(transaction.error ?? made.error);
      });
    } finally {
      database.close();
    }
  }
}
