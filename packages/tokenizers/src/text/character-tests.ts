/** Tests of single code points by Unicode property, remembered in tables. */

export type CharacterTest = (codePoint: number) => boolean;

/**
 * Remembers the answers of a test in tables of 256 code points, made as they are met: at most 1.1 MB when
 * a text used all of Unicode.
 */
export function remembered(test: CharacterTest): CharacterTest {
  const blocks: (Uint8Array | undefined)[] = [];
  return (codePoint) => {
    const index = codePoint >> 8;
    const block = blocks[index] ?? (blocks[index] = new Uint8Array(256));
    let answer = block[codePoint & 0xff] as number; // 0: not asked yet
    if (answer === 0) {
      answer = test(codePoint) ? 1 : 2;
      block[codePoint & 0xff] = answer;
    }
    return answer === 1;
  };
}

/** @param pattern - a regular expression for one character, flag `u`. */
export function characterTest(pattern: RegExp): CharacterTest {
  return remembered((codePoint) => pattern.test(String.fromCodePoint(codePoint)));
}

function lazy(make: () => CharacterTest): CharacterTest {
  let test: CharacterTest | undefined;
  return (codePoint) => {
    test ??= make();
    return test(codePoint);
  };
}

/** Unicode White_Space, which is not JavaScript's `\s` (U+0085 and U+FEFF differ). */
export const isWhiteSpace: CharacterTest = /* @__PURE__ */ lazy(() =>
  characterTest(/\p{White_Space}/u),
);

/** ASCII punctuation and symbols, and category P. */
export const isPunctuation: CharacterTest = /* @__PURE__ */ lazy(() =>
  characterTest(/[!-/:-@[-`{-~\p{P}]/u),
);

/** Category N. */
export const isNumeric: CharacterTest = /* @__PURE__ */ lazy(() => characterTest(/\p{N}/u));

/** CJK ideographs, BERT's list of blocks. */
export function isCjkIdeograph(c: number): boolean {
  return (
    (c >= 0x4e00 && c <= 0x9fff) ||
    (c >= 0x3400 && c <= 0x4dbf) ||
    (c >= 0x20000 && c <= 0x2a6df) ||
    (c >= 0x2a700 && c <= 0x2b73f) ||
    (c >= 0x2b740 && c <= 0x2b81f) ||
    (c >= 0x2b920 && c <= 0x2ceaf) ||
    (c >= 0xf900 && c <= 0xfaff) ||
    (c >= 0x2f800 && c <= 0x2fa1f)
  );
}
