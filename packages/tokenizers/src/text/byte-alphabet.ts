/**
 * The byte-level alphabet of GPT-2: each of the 256 bytes is shown as one printable character, so that
 * vocabularies of bytes can be stored as text. Bytes that print in Latin-1 stand for themselves, the
 * other 68 get U+0100, U+0101 ... in order: a space is "Ġ", a line feed "Ċ".
 *
 * @see Radford et al. 2019, `bytes_to_unicode` in openai/gpt-2.
 */

let toChar: string[] | undefined;
let toByte: Int16Array | undefined; // code unit below 0x144 -> byte, -1: none

function build(): void {
  const chars: string[] = [];
  const bytes = new Int16Array(0x144).fill(-1);
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    const unit = printable ? byte : next++;
    chars.push(String.fromCharCode(unit));
    bytes[unit] = byte;
  }
  toChar = chars;
  toByte = bytes;
}

/** @example byteToChar(0x20) // "Ġ" */
export function byteToChar(byte: number): string {
  if (toChar === undefined) build();
  return (toChar as string[])[byte] as string;
}

/** The byte a code unit stands for, or -1. @example unitToByte("Ġ".charCodeAt(0)) // 0x20 */
export function unitToByte(unit: number): number {
  if (toByte === undefined) build();
  return unit < 0x144 ? ((toByte as Int16Array)[unit] as number) : -1;
}

/** @example bytesToAlphabet(encodeUtf8(" é")) // "ĠÃ©" */
export function bytesToAlphabet(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += byteToChar(bytes[i] as number);
  return text;
}

/** The bytes a text of the alphabet stands for, or `undefined` when a character is not of it. */
export function alphabetToBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const byte = unitToByte(text.charCodeAt(i));
    if (byte < 0) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}
