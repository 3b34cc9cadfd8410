/** Tests of single code points by Unicode property, with a table for ASCII and a bounded memory beyond. */

export type CharacterTest = (codePoint: number) => boolean;

/** @param pattern - a regular expression for one character, flag `u`. */
export function characterTest(pattern: RegExp): CharacterTest {
  const ascii = new Int8Array(128);
  const known = new Map<number, boolean>();
  return (codePoint) => {
    if (codePoint < 128) {
      if (ascii[codePoint] === 0) {
        ascii[codePoint] = pattern.test(String.fromCharCode(codePoint)) ? 1 : -1;
      }
      return ascii[codePoint] === 1;
    }
    let answer = known.get(codePoint);
    if (answer === undefined) {
      answer = pattern.test(String.fromCodePoint(codePoint));
      if (known.size < 65536) known.set(codePoint, answer);
    }
    return answer;
  };
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
