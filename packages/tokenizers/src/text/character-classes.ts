/**
 * Unicode classes of code points as bit masks, for scanners. Asked of the engine's own `\p{...}` once per
 * block of 256 code points, when a block first occurs in a text: nothing to download, nothing computed at
 * import, and equal to the engine's regular expressions by construction.
 */

export const upperLetter = 1; // Lu, Lt
export const lowerLetter = 2; // Ll
export const otherLetter = 4; // Lm, Lo
export const mark = 8; // M
export const numeric = 16; // N
export const space = 32; // White_Space
export const lineBreak = 64; // \r and \n, together with `space`
export const letter = upperLetter | lowerLetter | otherLetter;

/** In `asciiClasses`: the byte begins a character of several bytes. */
export const multiByte = 128;

const blocks: (Uint8Array | undefined)[] = [];

/** Classes of a code point. */
export function classOf(codePoint: number): number {
  const block = codePoint >> 8;
  const known = blocks[block] ?? (blocks[block] = buildBlock(block));
  return known[codePoint & 0xff] as number;
}

let ascii: Uint8Array | undefined;

/** Classes of the code points below 128 by byte; `multiByte` for the other bytes. */
export function asciiClasses(): Uint8Array {
  if (ascii === undefined) {
    ascii = new Uint8Array(256).fill(multiByte);
    for (let i = 0; i < 128; i++) ascii[i] = classOf(i);
  }
  return ascii;
}

function buildBlock(block: number): Uint8Array {
  const classes = new Uint8Array(256);
  const pattern = /([\p{Lu}\p{Lt}])|(\p{Ll})|([\p{Lm}\p{Lo}])|(\p{M})|(\p{N})|(\p{White_Space})/u;
  for (let i = 0; i < 256; i++) {
    const codePoint = block * 256 + i;
    if (codePoint >= 0xd800 && codePoint < 0xe000) continue;
    const match = pattern.exec(String.fromCodePoint(codePoint));
    if (match === null) continue;
    classes[i] = 1 << (match.findIndex((part, group) => group > 0 && part !== undefined) - 1);
    if (codePoint === 10 || codePoint === 13) classes[i] = space | lineBreak;
  }
  return classes;
}
