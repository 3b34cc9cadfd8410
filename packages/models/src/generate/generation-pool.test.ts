import { Rng } from "@seq/core";
import { expect, test } from "vitest";
import { corpusFromText } from "../ngram/corpus.ts";
import { estimateKneserNey } from "../ngram/estimate.ts";
import { generate } from "./generate.ts";
import type { Generated } from "./generate.types.ts";
import { GenerationPool } from "./generation-pool.ts";

const corpus = corpusFromText("a b c d\nb c a\nd a b\nc c d a b\n");
const model = estimateKneserNey(corpus, { order: 3, discountFallback: true });

test("sessions that come and go generate what each generates alone", () => {
  const pool = new GenerationPool(model, { rows: 2 });
  const requests = Array.from({ length: 7 }, (_, i) => ({
    prompt: corpus.vocabulary.encode("a b c d a".slice(0, 2 * (i % 4))),
    maxNewTokens: 2 + 3 * i,
    stopIds: [],
    seed: 40 + i,
  }));
  const results: Generated[] = [];
  let next = 0;
  do {
    while (next < requests.length && pool.active < 2) {
      const { seed, ...request } = requests[next]!;
      const i = next++;
      pool.add({ ...request, rng: new Rng(seed) }, (result) => {
        results[i] = result;
      });
    }
    pool.step();
  } while (pool.active > 0 || next < requests.length);
  requests.forEach(({ prompt, seed, ...request }, i) => {
    const rng = { split: () => new Rng(seed) } as unknown as Rng;
    expect(results[i]).toEqual(generate(model, { prompts: [prompt], ...request, rng })[0]);
  });
});

test("refuses a session when all rows are taken", () => {
  const pool = new GenerationPool(model, { rows: 1 });
  pool.add({ maxNewTokens: 3, temperature: 0 }, () => {});
  expect(() => pool.add({ maxNewTokens: 3, temperature: 0 }, () => {})).toThrow(
    "GenerationPool: all 1 rows are taken; wait for a session to end, or make a pool with more rows.",
  );
});
