import { describe, expect, test } from "vitest";
import { nextLogProbs } from "../language-model/queries.ts";
import { corpusFromText } from "../ngram/corpus.ts";
import { estimateKneserNey } from "../ngram/estimate.ts";
import { beamGenerate } from "./beam-generate.ts";
import { generate } from "./generate.ts";

const corpus = corpusFromText("a b c\nb a\na b b\nc a b\nb c\n");
const { vocabulary } = corpus;
const model = estimateKneserNey(corpus, { order: 3, discountFallback: true });

/** Every sequence up to a length, by value. */
function bruteForce(prompt: readonly number[], limit: number, alpha: number) {
  const found: { ids: number[]; logProb: number; value: number }[] = [];
  const visit = (ids: number[], logProb: number): void => {
    const logProbs = nextLogProbs(model, [...prompt, ...ids]);
    const value = (sum: number) => sum / ((5 + ids.length + 1) / 6) ** alpha;
    logProbs.forEach((l, id) => {
      const sum = logProb + l;
      if (id === vocabulary.endId) found.push({ ids, logProb: sum, value: value(sum) });
      else if (l > Number.NEGATIVE_INFINITY) {
        if (ids.length + 1 === limit)
          found.push({ ids: [...ids, id], logProb: sum, value: value(sum) });
        else visit([...ids, id], sum);
      }
    });
  };
  visit([], 0);
  return found.sort((a, b) => b.value - a.value);
}

describe("beamGenerate", () => {
  test.each([0, 0.7, 1.5])(
    "with a wide beam finds the best of all sequences, penalty %d",
    (lengthPenalty) => {
      const prompt = [...vocabulary.encode("b")];
      const found = beamGenerate(model, { prompt, beamWidth: 300, maxNewTokens: 4, lengthPenalty });
      const expected = bruteForce(prompt, 4, lengthPenalty);
      found.slice(0, 10).forEach(({ ids, logProb }, i) => {
        expect([...ids]).toEqual(expected[i]!.ids);
        expect(logProb).toBeCloseTo(expected[i]!.logProb, 4);
      });
    },
  );

  test("of width 1 is greedy", () => {
    const [beam] = beamGenerate(model, { beamWidth: 1, maxNewTokens: 9 });
    const [greedy] = generate(model, { temperature: 0, maxNewTokens: 9 });
    expect(beam!.ids).toEqual(greedy!.ids);
    expect(beam!.stopReason).toBe(greedy!.stopReason);
  });

  test("obeys forced prefix, allowed ids and stop sequences", () => {
    const [a, b, c] = ["a", "b", "c"].map((w) => vocabulary.id(w)) as [number, number, number];
    const forced = beamGenerate(model, { beamWidth: 3, maxNewTokens: 5, forcedPrefix: [c, c] });
    for (const { ids } of forced) expect([...ids.slice(0, 2)]).toEqual([c, c]);
    const only = beamGenerate(model, { beamWidth: 2, maxNewTokens: 4, allowed: () => [a, b] });
    for (const { ids } of only) for (const id of ids) expect([a, b]).toContain(id);
    const stopped = beamGenerate(model, {
      beamWidth: 4,
      maxNewTokens: 6,
      stopSequences: [[a, b]],
      stopIds: [],
    });
    expect(stopped.some(({ stopReason }) => stopReason === "stop-sequence")).toBe(true);
    for (const { ids } of stopped) {
      const at = ids.findIndex((id, i) => id === a && ids[i + 1] === b);
      if (at >= 0) expect(at + 2).toBe(ids.length);
    }
  });
});
