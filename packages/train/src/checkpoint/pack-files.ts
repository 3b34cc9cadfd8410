/** A checkpoint as one file, to download from a page or to send: a safetensors file of bytes. */
import { FormatError, readSafetensors, type SafetensorsInput, writeSafetensors } from "@seq/core";
import type { CheckpointFiles } from "./storage.types.ts";

/** All files in one; `unpackFiles` gives them back. */
export function packFiles(files: CheckpointFiles): Uint8Array {
  const entries = [...files].map(([name, data]): [string, SafetensorsInput] => [
    name,
    { dtype: "U8", shape: [data.byteLength], data },
  ]);
  return writeSafetensors(entries, { format: "seq-files" });
}

/** @throws {FormatError} `SAFETENSORS` or `PACKED_FILES` when the bytes are not from `packFiles`. */
export function unpackFiles(bytes: Uint8Array, where = "packed files"): CheckpointFiles {
  const { tensors, metadata } = readSafetensors(bytes, where);
  if (metadata["format"] !== "seq-files") {
    throw new FormatError(
      `${where}: a safetensors file without "format": "seq-files"; expected one that packFiles wrote.`,
      { code: "PACKED_FILES" },
    );
  }
  return new Map([...tensors].map(([name, entry]) => [name, entry.bytes]));
}
