/** Whole files and streams of bytes from Node's file system; gzip is recognised by content. */
import { createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { createGunzip, gunzip } from "node:zlib";
import { FormatError } from "@seq/core";

const unzip = promisify(gunzip);

/**
 * The bytes of a file, unpacked when it begins with gzip's magic number.
 *
 * @throws {FormatError} `FILE_MISSING`, `FILE_UNREADABLE`, `GZIP_DAMAGED`
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (!isGzip(bytes)) return bytes;
  return unzip(bytes).catch((cause: unknown) => {
    throw damagedGzip(path, cause);
  });
}

/**
 * The same as a stream of chunks, in bounded memory.
 *
 * @throws {FormatError} as `readBytes`, from the iteration.
 */
export async function* streamBytes(path: string): AsyncGenerator<Uint8Array> {
  const head = new Uint8Array(2);
  try {
    const file = await open(path);
    await file.read(head, 0, 2, 0);
    await file.close();
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  const zipped = isGzip(head);
  const stream = zipped ? source.pipe(createGunzip({ chunkSize: 1 << 18 })) : source;
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (cause) {
    throw zipped ? damagedGzip(path, cause) : unreadable(path, cause);
  } finally {
    source.destroy(); // a consumer may stop early
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function unreadable(path: string, cause: unknown): FormatError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT") {
    return new FormatError(`${path}: no such file; check the path.`, {
      code: "FILE_MISSING",
      cause,
    });
  }
  const reason = code === "EISDIR" ? "is a folder, expected a file" : `cannot be read (${code})`;
  return new FormatError(`${path}: ${reason}.`, { code: "FILE_UNREADABLE", cause });
}

function damagedGzip(path: string, cause: unknown): FormatError {
  return new FormatError(
    `${path}: the gzip data is damaged or cut off (${(cause as Error).message}); fetch the file again.`,
    { code: "GZIP_DAMAGED", cause },
  );
}
