import { describe, expect, test } from "vitest";
import { makeLmPairs } from "./lm-pairs.ts";

describe("makeLmPairs", () => {
  test("gives the table of the lecture: seven rows from START to STOP", () => {
    const table = makeLmPairs("I went to the park.").map((p) => [p.input, p.target]);
    expect(table).toEqual([
      ["START", "I"],
      ["I", "went"],
      ["went", "to"],
      ["to", "the"],
      ["the", "park"],
      ["park", "."],
      [".", "STOP"],
    ]);
  });

  test("the context is everything before the target", () => {
    const last = makeLmPairs("a b", { tokenize: (text) => text.split(" ") }).at(-1);
    expect(last).toEqual({ context: ["START", "a", "b"], input: "b", target: "STOP" });
    expect(makeLmPairs("", { startToken: "<s>", stopToken: "</s>" })).toEqual([
      { context: ["<s>"], input: "<s>", target: "</s>" },
    ]);
  });
});
