import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { corpusRouge, Rouge } from "./rouge.ts";

describe("corpusRouge", () => {
  const reference = "police killed the gunman";

  test("gives the worked example of Lin 2004: word order counts for L and for bigrams", () => {
    const one = ["police kill the gunman"];
    const two = ["the gunman kill police"];
    expect(corpusRouge("rougeL", one, [reference]).value).toBe(0.75);
    expect(corpusRouge("rougeL", two, [reference]).value).toBe(0.5);
    expect(corpusRouge("rouge1", one, [reference]).value).toBe(0.75);
    expect(corpusRouge("rouge1", two, [reference]).value).toBe(0.75);
    expect(corpusRouge("rouge2", one, [reference]).value).toBeCloseTo(1 / 3, 12);
    expect(corpusRouge("rouge2", two, [reference]).value).toBeCloseTo(1 / 3, 12);
  });

  test("tells precision from recall and clips repeated words", () => {
    const score = corpusRouge("rouge1", ["the the the the"], ["the cat"]);
    expect(score).toMatchObject({ precision: 0.25, recall: 0.5, name: "rouge1" });
    expect(score.value).toBeCloseTo(1 / 3, 12);
  });

  test("splits words by three rules", () => {
    const texts = [["Füße-1"], ["füße 1"]] as const;
    expect(corpusRouge("rouge1", texts[0], texts[1]).value).toBe(1); // "f", "e", "1" of both
    expect(corpusRouge("rouge1", ["Füße"], ["fübe"]).value).not.toBe(0);
    expect(corpusRouge("rouge1", ["Füße"], ["fübe"], { tokenize: "unicode" }).value).toBe(0);
    expect(corpusRouge("rouge1", texts[0], texts[1], { tokenize: "whitespace" }).value).toBe(0);
  });

  test("takes the best reference, averages over segments, and is 0 for nothing", () => {
    expect(corpusRouge("rougeL", ["a b"], [["x"], ["a b"]]).value).toBe(1);
    expect(corpusRouge("rouge2", ["a b", "c"], ["a b", "c"]).value).toBe(0.5);
    expect(corpusRouge("rougeL", [""], [""]).value).toBe(0);
  });

  test("refuses unknown variants", () => {
    expect(() => new Rouge("rouge0" as never)).toThrowError(
      /expected "rouge1" to "rouge9" or "rougeL"/,
    );
  });

  test("ROUGE-L is at most ROUGE-1 and both are symmetric in F", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 8 })
      .map((w) => w.join(" "));
    fc.assert(
      fc.property(text, text, (one, two) => {
        const l = corpusRouge("rougeL", [one], [two]).value;
        expect(l).toBeLessThanOrEqual(corpusRouge("rouge1", [one], [two]).value + 1e-12);
        expect(corpusRouge("rougeL", [two], [one]).value).toBeCloseTo(l, 12);
      }),
    );
  });
});
