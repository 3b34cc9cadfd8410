/**
 * UTF-8, the form in which all models work. Text comes as UTF-16; a lone surrogate becomes U+FFFD, as
 * everywhere on the web platform. Bytes that are no UTF-8 decode to one U+FFFD per maximal subpart
 * (WHATWG Encoding), which is also what Rust's and Python's lossy decoders do.
 */

let encoder: TextEncoder | undefined;
let decoder: TextDecoder | undefined;

/** A new array with the UTF-8 bytes of a text. */
export function encodeUtf8(text: string): Uint8Array {
  encoder ??= new TextEncoder();
  return encoder.encode(text);
}

/** The text of UTF-8 bytes; a byte order mark is kept, wrong bytes become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  decoder ??= new TextDecoder("utf-8", { ignoreBOM: true });
  return decoder.decode(bytes);
}

/**
 * Writes the UTF-8 bytes of a text into `target` from `at` on and returns the end. The caller provides
 * room for three bytes a code unit. Short texts are written here, because the platform's encoder costs
 * more to call than a word costs to write.
 */
export function writeUtf8(text: string, target: Uint8Array, at: number): number {
  const length = text.length;
  if (length > 128) {
    encoder ??= new TextEncoder();
    return at + encoder.encodeInto(text, target.subarray(at)).written;
  }
  let end = at;
  for (let i = 0; i < length; i++) {
    let unit = text.charCodeAt(i);
    if (unit < 0x80) {
      target[end++] = unit;
      continue;
    }
    if (unit < 0x800) {
      target[end++] = 0xc0 | (unit >> 6);
    } else {
      if ((unit & 0xf800) === 0xd800) {
        const next = i + 1 < length ? text.charCodeAt(i + 1) : 0;
        if (unit < 0xdc00 && (next & 0xfc00) === 0xdc00) {
          i++;
          unit = 0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff);
          target[end++] = 0xf0 | (unit >> 18);
          target[end++] = 0x80 | ((unit >> 12) & 0x3f);
          target[end++] = 0x80 | ((unit >> 6) & 0x3f);
          target[end++] = 0x80 | (unit & 0x3f);
          continue;
        }
        unit = 0xfffd;
      }
      target[end++] = 0xe0 | (unit >> 12);
      target[end++] = 0x80 | ((unit >> 6) & 0x3f);
    }
    target[end++] = 0x80 | (unit & 0x3f);
  }
  return end;
}

/** Bytes of the character that begins with this byte; 1 for a byte that begins none. */
export function utf8Length(first: number): number {
  return first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** UTF-16 code units of the character that begins with this byte; 0 for a continuation byte. */
export function utf16Length(first: number): number {
  return (first & 0xc0) === 0x80 ? 0 : first < 0xf0 ? 1 : 2;
}

/** The code point at a position; the caller knows that the bytes are valid UTF-8. */
export function codePointAt(bytes: Uint8Array, at: number): number {
  const a = bytes[at] as number;
  if (a < 0x80) return a;
  const b = (bytes[at + 1] as number) & 0x3f;
  if (a < 0xe0) return ((a & 0x1f) << 6) | b;
  const c = (bytes[at + 2] as number) & 0x3f;
  if (a < 0xf0) return ((a & 0x0f) << 12) | (b << 6) | c;
  return ((a & 0x07) << 18) | (b << 12) | (c << 6) | ((bytes[at + 3] as number) & 0x3f);
}
