/**
 * Checkpoints in a folder of Node's file system, one subfolder each.
 *
 * A checkpoint is written into a hidden folder beside its place, every file is synced to disk, and the hidden folder
 * is renamed: a crash at any moment leaves the old ones as they were. Remains of a crash are swept at the next write.
 * One process at a time.
 */
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SeqError } from "@seq/core";
import { missingCheckpoint } from "../checkpoint/memory-storage.ts";
import type { CheckpointFiles, CheckpointStorage } from "../checkpoint/storage.types.ts";

const writing = ".writing-";
const replaced = ".replaced-";

/** Writes bytes to a new file and syncs them; replaced in tests to play a full disk. */
export type WriteFile = (path: string, bytes: Uint8Array) => Promise<void>;

export class FolderStorage implements CheckpointStorage {
  readonly folder: string;
  readonly #writeFile: WriteFile;

  /** @param folder - made at the first write. */
  constructor(folder: string, { writeFile = writeSynced }: { writeFile?: WriteFile } = {}) {
    this.folder = folder;
    this.#writeFile = writeFile;
  }

  async list(): Promise<readonly string[]> {
    await this.#recover();
    return (await this.#entries()).filter((name) => !name.startsWith("."));
  }

  async write(name: string, files: CheckpointFiles): Promise<void> {
    const temporary = join(this.folder, writing + name);
    const place = join(this.folder, name);
    try {
      await this.#sweep();
      await mkdir(temporary, { recursive: true });
      const folders = new Set([temporary]);
      for (const [file, bytes] of files) {
        const path = join(temporary, file);
        await mkdir(dirname(path), { recursive: true });
        folders.add(dirname(path));
        await this.#writeFile(path, bytes);
      }
      for (const path of folders) await syncFolder(path);
      await this.#replace(name, temporary, place);
      await syncFolder(this.folder);
    } catch (cause) {
      await rm(temporary, { recursive: true, force: true }).catch(() => {});
      throw new SeqError(
        `checkpoint ${place}: cannot be written (${(cause as Error).message}); the ones before it are untouched. Free some space or check the folder's permissions.`,
        { code: "CHECKPOINT_WRITE", details: { name }, cause },
      );
    }
  }

  async read(name: string): Promise<CheckpointFiles> {
    const place = join(this.folder, name);
    const entries = await readdir(place, { recursive: true, withFileTypes: true }).catch(() => {
      throw missingCheckpoint(place);
    });
    const files = new Map<string, Uint8Array>();
    for (const entry of entries.filter((e) => e.isFile())) {
      const path = join(entry.parentPath, entry.name);
      const relative = path.slice(place.length + 1).replaceAll("\\", "/");
      files.set(relative, await readFile(path));
    }
    return files;
  }

  async remove(name: string): Promise<void> {
    // Renamed first: a removal cut off half-way must not leave half a checkpoint under its name.
    const hidden = join(this.folder, writing + name);
    await rm(hidden, { recursive: true, force: true });
    await rename(join(this.folder, name), hidden).catch(() => {});
    await rm(hidden, { recursive: true, force: true });
  }

  /** Puts the new folder in place of an old one of the same name; `#recover` undoes a half-done swap. */
  async #replace(name: string, temporary: string, place: string): Promise<void> {
    const old = join(this.folder, replaced + name);
    const existed = await rename(place, old).then(
      () => true,
      () => false,
    );
    await rename(temporary, place);
    if (existed) await rm(old, { recursive: true, force: true });
  }

  async #entries(): Promise<string[]> {
    return readdir(this.folder).catch(() => []); // no folder yet: no checkpoints
  }

  async #recover(): Promise<void> {
    const entries = await this.#entries();
    for (const entry of entries.filter((name) => name.startsWith(replaced))) {
      const name = entry.slice(replaced.length);
      const old = join(this.folder, entry);
      if (entries.includes(name)) await rm(old, { recursive: true, force: true });
      else await rename(old, join(this.folder, name));
    }
  }

  async #sweep(): Promise<void> {
    await this.#recover();
    for (const entry of await this.#entries()) {
      if (entry.startsWith(writing)) {
        await rm(join(this.folder, entry), { recursive: true, force: true });
      }
    }
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes new names in a folder durable; not all systems can open folders, and those need no sync. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync();
  } catch {
    // Windows refuses to sync folders: the rename itself is then all there is.
  } finally {
    await handle.close();
  }
}
