import { describe, expect, test } from "vitest";
import { translateRegex } from "./foreign-regex.ts";

const matches = (
  source: string,
  text: string,
  dialect: "oniguruma" | "rust" = "oniguruma",
): string[] => text.match(translateRegex(source, dialect, "test")) ?? [];

describe("translateRegex", () => {
  test.each<[string, string, string[]]>([
    ["\\s+", "a\u0085b\ufeffc d", ["\u0085", " "]], // White_Space, not JavaScript's \s
    ["\\w+", "aé½①_1", ["aé½", "_1"]], // Latin-1 numbers are word characters in Oniguruma
    ["(?i:'s|ll)", "'S lL 's", ["'S", "lL", "'s"]],
    ["(?i)[a-c]+x", "ABCX abx", ["ABCX", "abx"]],
    ["a++b", "aaab", ["aaab"]],
    ["a++ab", "aaab", []], // possessive: gives nothing back
    ["(?>a|ab)c", "abc ac", ["ac"]],
    ["[[:alpha:]&&[^aeiou]]+", "hello", ["h", "ll"]],
    ["\\p{Han}+", "abc漢字", ["漢字"]],
    ["\\p{^L}", "a1", ["1"]],
    ["^b", "a\nb", ["b"]], // line begins
    ["[^(\\s|[.,!?])]+", "ab,cd!", ["ab", "cd"]],
    ["\\h+", "12xF", ["12", "F"]],
    ["{", "a{b", ["{"]],
    ["a{,2}b", "aab", ["aab"]],
  ])("%s", (source, text, expected) => {
    expect(matches(source, text)).toEqual(expected);
  });

  test("a possessive count is one only in Rust's dialect", () => {
    expect(matches("\\d{1,3}+", "12345", "rust")).toEqual(["123", "45"]);
    expect(matches("\\d{1,3}+", "12345", "oniguruma")).toEqual(["12345"]);
  });

  test.each([
    ["(a)\\1", "has \\1 at 5"],
    ["\\G", "has \\G at 2"],
    ["[a", "a character class without end"],
    ["\\p{Nonsense}", "\\p{Nonsense}"],
    ["(".repeat(100), "groups nested deeper than 64"],
  ])("refuses %s by name", (source, part) => {
    expect(() => translateRegex(source, "oniguruma", "f.json")).toThrowError(part);
  });
});
