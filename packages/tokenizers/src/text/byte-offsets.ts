import type { MutableEncoding } from "../encoding.ts";

/** Maps an encoding's UTF-16 offsets to offsets in the UTF-8 form of the texts. */
export function byteOffsets(texts: readonly string[], encoding: MutableEncoding): Uint32Array {
  const maps = texts.map(byteBegins);
  return Uint32Array.from(encoding.offsets, (offset, i) => {
    const sequence = encoding.sequenceIds[i >> 1] as number;
    return sequence < 0 ? 0 : ((maps[sequence] as Uint32Array)[offset] as number);
  });
}

/** UTF-16 offset -> UTF-8 offset, for each place of a text and its end. */
function byteBegins(text: string): Uint32Array {
  const begins = new Uint32Array(text.length + 1);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    begins[i] = at;
    const unit = text.charCodeAt(i);
    if (unit < 0x80) at += 1;
    else if (unit < 0x800) at += 2;
    else if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      at += 4;
      begins[++i] = at;
    } else at += 3;
  }
  begins[text.length] = at;
  return begins;
}
