/** Files and folders written whole or not at all. */
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { FormatError, OptionError } from "@seq/core";

/**
 * Makes a folder ready to be written, before any long work begins.
 *
 * @throws {OptionError} `OUTPUT_FOLDER` when it is a file or cannot be written.
 */
export async function prepareFolder(folder: string): Promise<void> {
  const probe = join(folder, `.probe-${randomBytes(6).toString("hex")}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(probe, "");
    await rm(probe);
  } catch (cause) {
    throw new OptionError(
      `cannot write to the output folder ${folder}: ${(cause as Error).message}; choose another with --output.`,
      { code: "OUTPUT_FOLDER", cause, details: { folder } },
    );
  }
}

/** Writes beside the target and renames, so that a reader sees the old file or the new one. */
export async function writeFileWhole(path: string, content: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}-${randomBytes(6).toString("hex")}`);
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Replaces a folder by one that holds exactly these files. */
export async function writeFolderWhole(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const tag = randomBytes(6).toString("hex");
  const fresh = join(dirname(folder), `.${basename(folder)}-${tag}`);
  const old = join(dirname(folder), `.${basename(folder)}-${tag}-old`);
  try {
    await mkdir(fresh, { recursive: true });
    for (const [name, bytes] of files) await writeFileWhole(join(fresh, name), bytes);
    const replaces = await isFolder(folder);
    if (replaces) await rename(folder, old);
    await rename(fresh, folder);
    if (replaces) await rm(old, { recursive: true });
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** @throws {FormatError} `FILE_MISSING`, naming the path. */
export async function readFileOf(folder: string, name: string): Promise<Uint8Array> {
  const path = join(folder, name);
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    throw new FormatError(`${path} does not exist; is ${folder} the folder of a saved model?`, {
      code: "FILE_MISSING",
      cause,
      details: { path },
    });
  }
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
