import { expect, test } from "vitest";
import { isSpace, removeWhitespace, splitWhitespace, trimEndWhitespace } from "./whitespace.ts";

test("white space is Python's: the 29 characters of str.isspace, without the byte-order mark", () => {
  const found: number[] = [];
  for (let unit = 0; unit < 0x10000; unit++) if (isSpace(unit)) found.push(unit);
  const en = Array.from({ length: 11 }, (_, i) => 0x2000 + i);
  expect(found).toEqual([
    9,
    10,
    11,
    12,
    13,
    28,
    29,
    30,
    31,
    32,
    0x85,
    0xa0,
    0x1680,
    ...en,
    0x2028,
    0x2029,
    0x202f,
    0x205f,
    0x3000,
  ]);
  const all = String.fromCharCode(...found);
  expect(splitWhitespace(`a${all}b\ufeff`)).toEqual(["a", "b\ufeff"]);
  expect(trimEndWhitespace(`\u3000a${all}`)).toBe("\u3000a");
  expect(removeWhitespace(`\ufeff${all}x${all}`)).toBe("\ufeffx");
});
