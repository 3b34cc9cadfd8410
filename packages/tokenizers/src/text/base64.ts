/** Base64 (RFC 4648, with padding), straight between bytes. */
import { FormatError } from "@seq/core";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
let values: Int8Array | undefined;

/** Byte of the alphabet -> its six bits, -1: not of it. */
export function base64Values(): Int8Array {
  if (values === undefined) {
    values = new Int8Array(256).fill(-1);
    for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i;
  }
  return values;
}

/** @throws {FormatError} `BASE64` */
export function decodeBase64(text: string, where: string): Uint8Array {
  const table = base64Values();
  const length = text.length - (text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0);
  const out = new Uint8Array(Math.floor((length * 3) / 4));
  let bits = 0;
  let count = 0;
  let end = 0;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    const value = unit < 256 ? (table[unit] as number) : -1;
    if (value < 0) {
      throw new FormatError(`${where}: not base64: ${JSON.stringify(text[i])} at ${i}.`, {
        code: "BASE64",
      });
    }
    bits = (bits << 6) | value;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out[end++] = (bits >> count) & 0xff;
    }
  }
  return out;
}

/** @example encodeBase64(Uint8Array.of(1, 2)) // "AQI=" */
export function encodeBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i] as number;
    const b = bytes[i + 1];
    const c = bytes[i + 2];
    const word = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    parts.push(
      alphabet.charAt(word >> 18) +
        alphabet.charAt((word >> 12) & 63) +
        (b === undefined ? "=" : alphabet.charAt((word >> 6) & 63)) +
        (c === undefined ? "=" : alphabet.charAt(word & 63)),
    );
  }
  return parts.join("");
}
