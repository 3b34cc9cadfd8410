/** Strict UTF-8: a byte that is none is named by its position, never replaced. */
import { FormatError } from "@seq/core";

/**
 * Decodes bytes; a byte-order mark at the start is dropped.
 *
 * @param where - the file, for the message.
 * @throws {FormatError} `NOT_UTF8` with the line (from 1), the byte's position (from 0) and its value.
 */
export function decodeUtf8(where: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const position = findBadByte(bytes);
    let line = 1;
    for (let i = 0; i < position; i++) if (bytes[i] === 0x0a) line++;
    throw notUtf8(where, line, position, bytes[position] as number, cause);
  }
}

export function notUtf8(
  where: string,
  line: number,
  position: number,
  byte: number | undefined,
  cause: unknown,
): FormatError {
  const value = byte === undefined ? "the end" : `0x${byte.toString(16).padStart(2, "0")}`;
  return new FormatError(
    `${where}: line ${line}, byte ${position}: ${value} is not valid UTF-8; convert the file to UTF-8 first.`,
    { code: "NOT_UTF8", details: { line, position, byte }, cause },
  );
}

/**
 * Position of the first byte that does not belong to a well-formed sequence (Unicode 15, table 3-7); the length
 * when a sequence is cut off at the end.
 */
export function findBadByte(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length) {
    const lead = bytes[i] as number;
    const following = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4) return i;
    for (let k = 1; k <= following; k++) {
      const byte = bytes[i + k];
      if (byte === undefined) return bytes.length;
      // The second byte has a narrower range after these leads: no overlong forms, surrogates, or above U+10FFFF.
      const low = k > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
      const high = k > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
      if (byte < low || byte > high) return i + k;
    }
    i += following + 1;
  }
  return bytes.length;
}
