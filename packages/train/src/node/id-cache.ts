/**
 * Tokenized rows on disk: the second run over the same text with the same tokenizer reads them instead of encoding again.
 *
 * A file per text, named by a SHA-256 of everything the ids depend on; whole or not there, checked when read.
 */
import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { crc32, readSafetensors, writeSafetensors } from "@seq/core";
import type { Ids } from "../data/bucketed-batches.ts";

/**
 * The rows of a text from the cache, or made and kept.
 *
 * @param folder - of the cache; may be shared by many texts and emptied at any time.
 * @param key - all that the ids depend on: the text (or its sum), the tokenizer as JSON, options.
 * @param make - encodes; called when the cache has no whole file for the key.
 * @returns rows as views into one array.
 */
export async function cachedRows(
  folder: string,
  key: readonly (string | Uint8Array)[],
  make: () => Iterable<Ids> | AsyncIterable<Ids> | Promise<Iterable<Ids>>,
): Promise<Int32Array[]> {
  const path = join(folder, `${digest(key)}.safetensors`);
  const kept = await readFile(path).then(decodeRows, () => undefined);
  if (kept !== undefined) return kept;
  const rows: Int32Array[] = [];
  for await (const row of await make()) rows.push(Int32Array.from(row));
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${process.pid}.writing`;
  const file = await open(temporary, "w");
  try {
    await file.writeFile(encodeRows(rows));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  return rows;
}

/** Each part with its length, so that no two lists of parts run into the same bytes. */
function digest(key: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of key) {
    const bytes = typeof part === "string" ? Buffer.from(part) : part;
    hash.update(`${bytes.byteLength}:`).update(bytes);
  }
  return hash.digest("hex");
}

function encodeRows(rows: readonly Int32Array[]): Uint8Array {
  const lengths = Int32Array.from(rows, (row) => row.length);
  const ids = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
  let end = 0;
  for (const row of rows) {
    ids.set(row, end);
    end += row.length;
  }
  const sum = crc32(new Uint8Array(ids.buffer)).toString(16);
  return writeSafetensors(
    [
      ["ids", { dtype: "I32", shape: [ids.length], data: ids }],
      ["lengths", { dtype: "I32", shape: [lengths.length], data: lengths }],
    ],
    { format: "seq-rows", crc32: sum },
  );
}

/** `undefined` for a file that is not whole: it is made again. */
function decodeRows(file: Uint8Array): Int32Array[] | undefined {
  try {
    const { tensors, metadata } = readSafetensors(file);
    const [ids, lengths] = [tensors.get("ids"), tensors.get("lengths")];
    if (ids === undefined || lengths === undefined) return undefined;
    if (metadata["crc32"] !== crc32(ids.bytes).toString(16)) return undefined;
    const all = toInt32(ids.bytes);
    let end = 0;
    return Array.from(toInt32(lengths.bytes), (length) => {
      end += length;
      return all.subarray(end - length, end);
    });
  } catch {
    return undefined;
  }
}

/** A copy, since the bytes may lie at any offset; not by `slice`, which a Buffer of Node answers with a view. */
function toInt32(bytes: Uint8Array): Int32Array {
  return new Int32Array(new Uint8Array(bytes).buffer);
}
