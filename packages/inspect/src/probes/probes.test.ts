import { Rng } from "@seq/core";
import { describe, expect, test } from "vitest";
import { linearProbe } from "./linear-probe.ts";
import { probeLayers } from "./probe-layers.ts";

const size = 8;

/** Gaussian features; the label is read off one direction of them, the rest is noise. */
function separable(examples: number, seed: number) {
  const rng = new Rng(seed);
  const features = Float32Array.from({ length: examples * size }, () => rng.normal());
  const labels = Int32Array.from({ length: examples }, (_, i) =>
    features[i * size]! - 2 * features[i * size + 3]! > 0 ? 1 : 0,
  );
  return { features, labels };
}

describe("linearProbe", () => {
  test("finds what a direction of the state says, and nothing in shuffled labels", () => {
    const { features, labels } = separable(600, 1);
    const result = linearProbe(features, labels, { rng: new Rng(2) });
    expect(result.accuracy).toBeGreaterThan(0.95);
    expect(result.control).toBeLessThan(0.65);
    expect(result.majority).toBeLessThan(0.65);
    expect(result.testExamples).toBe(180);
    // The two features that matter carry the weight, with opposite signs.
    const difference = Array.from(
      { length: size },
      (_, k) => result.weights[size + 1 + k]! - result.weights[k]!,
    );
    const largest = difference.map((w, k) => [Math.abs(w), k] as const).sort((a, b) => b[0] - a[0]);
    expect(
      largest
        .slice(0, 2)
        .map(([, k]) => k)
        .sort(),
    ).toEqual([0, 3]);
    expect(Math.sign(difference[0]!)).toBe(-Math.sign(difference[3]!));
  });

  test("finds nothing where there is nothing, and not what is no linear function", () => {
    const { features } = separable(600, 3);
    const noise = Int32Array.from({ length: 600 }, (_, i) => (i * 7919) % 2);
    expect(linearProbe(features, noise, { rng: new Rng(4) }).accuracy).toBeLessThan(0.62);
    const xor = Int32Array.from({ length: 600 }, (_, i) =>
      features[i * size]! > 0 === features[i * size + 1]! > 0 ? 1 : 0,
    );
    expect(linearProbe(features, xor, { rng: new Rng(5) }).accuracy).toBeLessThan(0.62);
  });

  test("gives the same for the same seed, for any number of classes, whatever the features' scale", () => {
    const { features } = separable(300, 6);
    const three = Int32Array.from({ length: 300 }, (_, i) =>
      features[i * size]! < -0.5 ? 0 : features[i * size]! < 0.5 ? 1 : 2,
    );
    const result = linearProbe(features, three, { rng: new Rng(7) });
    expect(linearProbe(features, three, { rng: new Rng(7) })).toEqual(result);
    expect(result.accuracy).toBeGreaterThan(0.85);
    const scaled = features.map((value, i) => value * 10 ** ((i % size) - 4) + 5);
    expect(linearProbe(scaled, three, { rng: new Rng(7) }).accuracy).toBeCloseTo(
      result.accuracy,
      1,
    );
  });

  test("keeps groups on one side of the split", () => {
    // Every group has a code of its own in the features and a random label: only leaking groups would help.
    const rng = new Rng(8);
    const codes = Array.from({ length: 40 }, () =>
      Array.from({ length: size }, () => rng.normal()),
    );
    const ofGroup = Array.from({ length: 40 }, () => rng.integer(2));
    const groups = Array.from({ length: 400 }, (_, i) => i % 40);
    const features = groups.flatMap((group) => codes[group] as number[]);
    const labels = groups.map((group) => ofGroup[group] as number);
    const kept = linearProbe(features, labels, {
      rng: new Rng(9),
      groups,
      l2: 1e-6,
      iterations: 1000,
    });
    const leaking = linearProbe(features, labels, { rng: new Rng(9), l2: 1e-6, iterations: 1000 });
    expect(leaking.accuracy).toBeGreaterThan(kept.accuracy);
    expect(kept.testExamples).toBe(120);
  });

  test("refuses what does not fit", () => {
    const rng = new Rng(1);
    expect(() => linearProbe([1, 2, 3], [0, 1], { rng })).toThrowError(
      "linearProbe: 3 features do not make one row for each of 2 labels.",
    );
    expect(() => linearProbe([1, 2], [0, -1], { rng })).toThrowError(/label 2 is -1/);
    expect(() => linearProbe([1, 2], [0, 1], { rng, trainShare: 1 })).toThrowError(
      expect.objectContaining({ code: "NO_DATA" }),
    );
  });
});

test("probeLayers gives a row per layer and set of labels, in order", () => {
  const { features, labels } = separable(200, 10);
  const noise = Float32Array.from({ length: features.length }, (_, i) => Math.sin(i * i));
  const rows = probeLayers([noise, features], { tag: labels }, { rng: new Rng(11) });
  expect(rows.map(({ layer, label }) => [layer, label])).toEqual([
    [0, "tag"],
    [1, "tag"],
  ]);
  expect(rows[1]!.accuracy).toBeGreaterThan(rows[0]!.accuracy + 0.2);
});
