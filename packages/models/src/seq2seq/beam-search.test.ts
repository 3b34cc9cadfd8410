import { Rng } from "@seq/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beamSearch } from "./beam-search.ts";
import type { StepDecoder } from "./step-decoder.types.ts";

const beginId = 0;
const endId = 1;

/** A decoder whose distribution hangs on the whole prefix, through a hash: the state is the prefixes. */
function hashDecoder(vocabSize: number, seed: number): StepDecoder<string[]> {
  return {
    vocabSize,
    step(previous, state) {
      const prefixes = state.map((prefix, i) => `${prefix},${previous[i]}`);
      const logProbs = new Float32Array(prefixes.length * vocabSize);
      prefixes.forEach((prefix, row) => {
        logProbs.set(distribution(prefix, vocabSize, seed), row * vocabSize);
      });
      return { logProbs, state: prefixes };
    },
    selectRows: (state, rows) => [...rows].map((row) => state[row] as string),
    disposeState() {},
  };
}

function distribution(prefix: string, vocabSize: number, seed: number): Float32Array {
  let hash = seed;
  for (const character of prefix) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  const rng = new Rng(hash);
  const weights = Float64Array.from({ length: vocabSize }, () => rng.uniform() ** 3 + 1e-3);
  const sum = weights.reduce((a, b) => a + b);
  return Float32Array.from(weights, (w) => Math.log(w / sum));
}

/** Every sequence up to maxLength, scored as beam search scores them. */
function bruteForce(
  decoder: StepDecoder<string[]>,
  start: string,
  maxLength: number,
  alpha: number,
) {
  const found: { ids: number[]; score: number }[] = [];
  const visit = (state: string[], last: number, ids: number[], logProb: number): void => {
    const { logProbs, state: next } = decoder.step(Int32Array.of(last), state);
    for (let id = 0; id < decoder.vocabSize; id++) {
      const sum = logProb + (logProbs[id] as number);
      const length = ids.length + 1;
      if (id === endId || length === maxLength) {
        const kept = id === endId ? ids : [...ids, id];
        found.push({ ids: kept, score: sum / ((5 + length) / 6) ** alpha });
      } else {
        visit(next, id, [...ids, id], sum);
      }
    }
  };
  visit([start], beginId, [], 0);
  return found.sort((a, b) => b.score - a.score);
}

describe("beamSearch", () => {
  test("with a beam as wide as the space finds the best sequences of all", () => {
    for (const alpha of [0, 0.6, 1]) {
      const decoder = hashDecoder(4, 11);
      const [found] = beamSearch(decoder, ["s"], 1, {
        beginId,
        endId,
        maxLength: 4,
        beamWidth: 256,
        lengthPenalty: alpha,
      });
      const expected = bruteForce(decoder, "s", 4, alpha);
      expect(found?.slice(0, 10).map(({ ids }) => ids)).toEqual(
        expected.slice(0, 10).map(({ ids }) => ids),
      );
      expect(found?.[0]?.score).toBeCloseTo(expected[0]?.score as number, 5);
    }
  });

  test("of width 1 takes the most probable id at each step", () => {
    const decoder = hashDecoder(7, 3);
    const [[best] = []] = beamSearch(decoder, ["s"], 1, {
      beginId,
      endId,
      maxLength: 12,
      beamWidth: 1,
    });
    const ids: number[] = [];
    let state = ["s"];
    let last = beginId;
    for (let t = 0; t < 12; t++) {
      const result = decoder.step(Int32Array.of(last), state);
      last = result.logProbs.indexOf(Math.max(...result.logProbs));
      if (last === endId) break;
      ids.push(last);
      state = result.state;
    }
    expect(best?.ids).toEqual(ids);
  });

  test("translates a batch as it translates each source alone", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 2, max: 9 }),
        (seed, beamWidth, vocabSize) => {
          const decoder = hashDecoder(vocabSize, seed);
          const starts = ["a", "b", "c", "d"];
          const maxLength = [3, 9, 1, 6];
          const together = beamSearch(decoder, starts, 4, {
            beginId,
            endId,
            maxLength,
            beamWidth,
            lengthPenalty: 0.6,
          });
          starts.forEach((start, i) => {
            const [alone] = beamSearch(decoder, [start], 1, {
              beginId,
              endId,
              maxLength: maxLength[i] as number,
              beamWidth,
              lengthPenalty: 0.6,
            });
            expect(together[i]).toEqual(alone);
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  test("says when the length cut a hypothesis off, and never exceeds it", () => {
    const never: StepDecoder<null> = {
      vocabSize: 3,
      step: (previous) => ({
        logProbs: Float32Array.from({ length: previous.length * 3 }, (_, i) =>
          i % 3 === 2 ? -0.1 : -9,
        ),
        state: null,
      }),
      selectRows: () => null,
      disposeState() {},
    };
    const [[best] = []] = beamSearch(never, null, 1, {
      beginId,
      endId,
      maxLength: 5,
      beamWidth: 1,
    });
    expect(best).toMatchObject({ ids: [2, 2, 2, 2, 2], ended: false });
    expect(best?.logProb).toBeCloseTo(-0.5, 5);
  });

  test("disposes every state that it made and none that it was given", () => {
    const live = new Set<object>();
    const make = () => {
      const state = {};
      live.add(state);
      return state;
    };
    const inner = hashDecoder(5, 8);
    const prefixes = new WeakMap<object, string[]>();
    const given = {};
    prefixes.set(given, ["a", "b"]);
    const decoder: StepDecoder<object> = {
      vocabSize: 5,
      step(previous, state) {
        const result = inner.step(previous, prefixes.get(state) as string[]);
        const made = make();
        prefixes.set(made, result.state);
        return { logProbs: result.logProbs, state: made };
      },
      selectRows(state, rows) {
        const made = make();
        prefixes.set(made, inner.selectRows(prefixes.get(state) as string[], rows));
        return made;
      },
      disposeState(state) {
        expect(live.delete(state)).toBe(true);
      },
    };
    beamSearch(decoder, given, 2, { beginId, endId, maxLength: 8, beamWidth: 3 });
    expect(live.size).toBe(0);
  });

  test("refuses a beam of no width", () => {
    expect(() =>
      beamSearch(hashDecoder(3, 1), ["s"], 1, { beginId, endId, maxLength: 5, beamWidth: 0 }),
    ).toThrow("beamSearch: beamWidth is 0, expected a whole number of at least 1.");
  });
});
