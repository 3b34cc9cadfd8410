/**
 * Checkpoints in a directory handle of the File System API: the origin private file system
 * (`await navigator.storage.getDirectory()`), or a folder the user picked.
 *
 * Folders cannot be renamed there, so the manifest is written last: a folder without one is an unfinished checkpoint,
 * is not listed, and is swept at the next write. A file becomes visible when its stream is closed, whole.
 */
import { SeqError } from "@seq/core";
import { missingCheckpoint } from "./memory-storage.ts";
import type { CheckpointFiles, CheckpointStorage } from "./storage.types.ts";

const manifest = "manifest.json";

export class DirectoryStorage implements CheckpointStorage {
  readonly #root: FileSystemDirectoryHandle;

  constructor(root: FileSystemDirectoryHandle) {
    this.#root = root;
  }

  async list(): Promise<readonly string[]> {
    const names: string[] = [];
    for (const name of await this.#folders()) {
      if (await this.#isComplete(name)) names.push(name);
    }
    return names;
  }

  async write(name: string, files: CheckpointFiles): Promise<void> {
    try {
      for (const other of await this.#folders()) {
        if (other === name || !(await this.#isComplete(other))) await this.remove(other);
      }
      const folder = await this.#root.getDirectoryHandle(name, { create: true });
      for (const [file, bytes] of files) {
        if (file !== manifest) await writeFile(folder, file, bytes);
      }
      const last = files.get(manifest);
      if (last !== undefined) await writeFile(folder, manifest, last);
    } catch (cause) {
      throw new SeqError(
        `checkpoint ${name}: cannot be written (${(cause as Error).message}); the others are untouched. Free some of the site's storage.`,
        { code: "CHECKPOINT_WRITE", details: { name }, cause },
      );
    }
  }

  async read(name: string): Promise<CheckpointFiles> {
    if (!(await this.#isComplete(name))) throw missingCheckpoint(name);
    const files = new Map<string, Uint8Array>();
    await readFolder(await this.#root.getDirectoryHandle(name), "", files);
    return files;
  }

  async remove(name: string): Promise<void> {
    const folder = await this.#root.getDirectoryHandle(name).catch(() => undefined);
    if (folder === undefined) return;
    // Without its manifest it is no checkpoint any more, whatever happens next.
    await folder.removeEntry(manifest).catch(() => {});
    await this.#root.removeEntry(name, { recursive: true });
  }

  async #folders(): Promise<string[]> {
    const names: string[] = [];
    for await (const [name, handle] of entriesOf(this.#root)) {
      if (handle.kind === "directory") names.push(name);
    }
    return names;
  }

  async #isComplete(name: string): Promise<boolean> {
    const folder = await this.#root.getDirectoryHandle(name).catch(() => undefined);
    const found = await folder?.getFileHandle(manifest).catch(() => undefined);
    return found !== undefined;
  }
}

async function writeFile(
  root: FileSystemDirectoryHandle,
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const parts = path.split("/");
  const file = parts.pop() as string;
  let folder = root;
  for (const part of parts) folder = await folder.getDirectoryHandle(part, { create: true });
  const handle = await folder.getFileHandle(file, { create: true });
  const stream = await handle.createWritable();
  await stream.write(bytes as Uint8Array<ArrayBuffer>);
  await stream.close();
}

async function readFolder(
  folder: FileSystemDirectoryHandle,
  prefix: string,
  files: Map<string, Uint8Array>,
): Promise<void> {
  for await (const [name, handle] of entriesOf(folder)) {
    if (handle.kind === "directory") {
      await readFolder(handle as FileSystemDirectoryHandle, `${prefix}${name}/`, files);
    } else {
      const file = await (handle as FileSystemFileHandle).getFile();
      files.set(prefix + name, new Uint8Array(await file.arrayBuffer()));
    }
  }
}

/** TypeScript's DOM library leaves the iteration of handles out. */
function entriesOf(folder: FileSystemDirectoryHandle): AsyncIterable<[string, FileSystemHandle]> {
  return folder as unknown as AsyncIterable<[string, FileSystemHandle]>;
}
