import { loadKernels } from "@seq/kernels";
import { tensor } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { TinyLanguageModel } from "../../test/tiny-language-model.ts";
import { loadWeights, saveWeights } from "./weights.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

describe("loadWeights", () => {
  const model = () => new TinyLanguageModel({ vocabSize: 7, hiddenSize: 8, seed: 2 });

  test("gives the values back exactly", () => {
    const [one, two] = [model(), new TinyLanguageModel({ vocabSize: 7, hiddenSize: 8, seed: 3 })];
    const report = loadWeights(two.parameters, saveWeights(one.parameters, { note: "x" }));
    expect(report).toEqual({ loaded: [...one.parameters.keys()], missing: [], unexpected: [] });
    for (const [name, parameter] of one.parameters) {
      expect([...two.get(name).dataSync()]).toEqual([...parameter.dataSync()]);
    }
  });

  test("names what is missing and what is unexpected, and loads what fits when asked to", () => {
    const one = model();
    const other = new Map([
      ["bias", one.get("bias")],
      ["extra", tensor([1])],
    ]);
    const two = model();
    const before = [...two.get("embedding").dataSync()];
    const bytes = saveWeights(other);
    expect(() => loadWeights(two.parameters, bytes, { where: "w.safetensors" })).toThrow(
      'w.safetensors: does not fit the model: missing "embedding", "weightIh", "weightHh", "output.weight", "output.bias"; unexpected "extra". Load with partial: true to take what fits.',
    );
    const report = loadWeights(two.parameters, bytes, { partial: true });
    expect(report.loaded).toEqual(["bias"]);
    expect(report.unexpected).toEqual(["extra"]);
    expect(report.missing).toHaveLength(5);
    expect([...two.get("embedding").dataSync()]).toEqual(before);
  });

  test("renames, leaves out, and refuses other shapes before anything is changed", () => {
    const one = model();
    const bytes = saveWeights(new Map([["encoder.bias", one.get("bias")]]));
    const rename = (name: string) => name.replace("encoder.", "");
    const target = new Map([["bias", model().get("bias")]]);
    expect(loadWeights(target, bytes, { rename }).loaded).toEqual(["bias"]);
    const wide = new Map([["encoder.bias", model().get("embedding")]]);
    expect(() => loadWeights(wide, bytes, { where: "w" })).toThrow(
      'w: "encoder.bias" has shape [8], the model expects [7, 8].',
    );
  });
});
