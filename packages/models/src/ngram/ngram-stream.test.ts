import { describe, expect, test } from "vitest";
import { corpusFromText } from "./corpus.ts";
import { estimateKneserNey } from "./estimate.ts";

const corpus = corpusFromText("a b c\nb c a\na b d\nc a b\n");
const model = estimateKneserNey(corpus, { order: 3, discountFallback: true });
const [a, b, c] = ["a", "b", "c"].map((word) => corpus.vocabulary.id(word)) as [
  number,
  number,
  number,
];

function rowsOf(stream: ReturnType<typeof model.stream>): Float32Array[] {
  const out = new Float32Array(stream.rows * model.vocabSize);
  stream.logProbs(out);
  return Array.from({ length: stream.rows }, (_, row) =>
    out.slice(row * model.vocabSize, (row + 1) * model.vocabSize),
  );
}

describe("NgramStream", () => {
  test("keeps its rows apart", () => {
    const both = model.stream(2);
    both.advance([a, b]);
    both.advance([b, c]);
    const first = model.stream();
    first.advance([a]);
    first.advance([b]);
    const second = model.stream();
    second.advance([b]);
    second.advance([c]);
    expect(rowsOf(both)).toEqual([rowsOf(first)[0], rowsOf(second)[0]]);
    expect(rowsOf(both)[0]).not.toEqual(rowsOf(both)[1]);
  });

  test("leaves a row as it is for a negative id", () => {
    const stream = model.stream(2);
    stream.advance([a, b]);
    const before = rowsOf(stream);
    stream.advance([-1, c]);
    expect(rowsOf(stream)[0]).toEqual(before[0]);
    expect(rowsOf(stream)[1]).not.toEqual(before[1]);
  });

  test("copies rows on select and forgets on reset", () => {
    const stream = model.stream(2);
    stream.advance([a, b]);
    const [first, second] = rowsOf(stream);
    stream.select([1, 0]);
    expect(rowsOf(stream)).toEqual([second, first]);
    stream.select([0, 0]);
    expect(rowsOf(stream)).toEqual([second, second]);
    stream.reset(0);
    expect(rowsOf(stream)).toEqual([rowsOf(model.stream())[0], second]);
  });
});
