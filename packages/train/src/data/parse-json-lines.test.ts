import { describe, expect, test } from "vitest";
import { parseJsonLines } from "./parse-json-lines.ts";

describe("parseJsonLines", () => {
  test("reads one value a line and leaves blank lines out", () => {
    expect(parseJsonLines("x", '{"a":1}\n\n[2]\r\n"c"\n')).toEqual([{ a: 1 }, [2], "c"]);
  });

  test("names the line that is not JSON", () => {
    expect(() => parseJsonLines("x", '{"a":1}\n{"a":\n')).toThrow(/^x: line 2: not JSON: /);
    expect(() => parseJsonLines("x", "\n")).toThrow(
      "x: the file is empty; expected at least one line.",
    );
  });
});
