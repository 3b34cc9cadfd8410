import { readFileSync } from "node:fs";
import { loadKernels } from "@seq/kernels";
import { sharedPath } from "@seq-internal/test-utils";
import { memory, type Tensor, tensor, type Variable, variable } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { Adam, AdamW } from "./adam.ts";
import { Rprop } from "./adaptive.ts";
import type { Optimizer } from "./optimizer.types.ts";
import { SGD } from "./sgd.ts";
import { optimizerFromTorch } from "./torch-options.ts";

beforeAll(() => loadKernels({ backend: "cpu" }));

interface TorchTensor {
  readonly shape: number[];
  readonly data: number[];
}
interface TorchCase {
  readonly optimizer: string;
  readonly options: Record<string, unknown>;
  readonly second_group?: Record<string, unknown>;
  readonly params: readonly TorchTensor[];
  /** `null`: no gradient for that parameter at that step. */
  readonly grads: readonly (readonly (TorchTensor | null)[])[];
  readonly expect: { readonly params_after_step: readonly (readonly TorchTensor[])[] };
}

function load(name: string): readonly TorchCase[] {
  return JSON.parse(readFileSync(sharedPath(`goldens/torch/${name}.json`), "utf8")).cases;
}

function make({ optimizer, options, second_group }: TorchCase): Optimizer {
  const groups = second_group === undefined ? [] : [{ names: ["1"], options: second_group }];
  return optimizerFromTorch(optimizer, options, groups);
}

function named<T>(tensors: readonly T[]): Map<string, T> {
  return new Map(tensors.map((t, i) => [String(i), t]));
}

function variables(tensors: readonly TorchTensor[]): Map<string, Variable> {
  return named(tensors.map(({ shape, data }) => variable(tensor(data, shape))));
}

function tensors(values: readonly (TorchTensor | null)[]): Map<string, Tensor> {
  const all = values.map((t) => (t === null ? undefined : tensor(t.data, t.shape)));
  return new Map(
    [...named(all)].filter((entry): entry is [string, Tensor] => entry[1] !== undefined),
  );
}

function valuesOf(parameters: Map<string, Variable>): number[][] {
  return [...parameters.values()].map((p) => [...p.dataSync()]);
}

const cases = [...load("optimizers"), ...load("optimizers_nadam")];

describe("torch's optimizers", () => {
  test("has cases", () => expect(cases.length).toBe(35));

  test.each(cases.map((c, i) => [i, c.optimizer, JSON.stringify(c.options), c] as const))(
    "case %i: %s %s gives torch's parameters after every step",
    (_i, _name, _options, c) => {
      const optimizer = make(c);
      const parameters = variables(c.params);
      c.grads.forEach((gradients, step) => {
        optimizer.step(parameters, tensors(gradients));
        valuesOf(parameters).forEach((values, p) => {
          const expected = c.expect.params_after_step[step]![p]!.data;
          values.forEach((value, k) => {
            expect(Math.abs(value - expected[k]!)).toBeLessThan(2e-6);
          });
        });
      });
    },
  );

  test.each(cases.map((c, i) => [i, c.optimizer, c] as const))(
    "case %i: %s goes on bit for bit from a saved state",
    (_i, _name, c) => {
      const [first, second] = [make(c), make(c)];
      const one = variables(c.params);
      const half = Math.floor(c.grads.length / 2);
      for (const gradients of c.grads.slice(0, half)) first.step(one, tensors(gradients));
      const two = named(
        [...one.values()].map((p) => variable(tensor(p.dataSync().slice(), p.shape))),
      );
      const saved = first.state();
      const json = JSON.parse(JSON.stringify({ kind: saved.kind, scalars: saved.scalars }));
      second.restore({ ...json, slots: saved.slots });
      for (const gradients of c.grads.slice(half)) {
        first.step(one, tensors(gradients));
        second.step(two, tensors(gradients));
      }
      expect(valuesOf(two)).toEqual(valuesOf(one));
    },
  );
});

describe("optimizers", () => {
  const parameter = () => new Map([["w", variable(tensor([1, 2]))]]);
  const gradient = () => new Map([["w", tensor([0.5, -0.5])]]);

  test("gradientScale, rate and momentum of the step count", () => {
    const one = parameter();
    new SGD({ learningRate: 1 }).step(one, gradient(), { gradientScale: 0.5, rate: (r) => r / 2 });
    expect(valuesOf(one)).toEqual([[0.875, 2.125]]);
    const two = parameter();
    const momentum = new SGD({ learningRate: 1, momentum: 0.9 });
    momentum.step(two, gradient(), { momentum: 0.5 });
    momentum.step(two, gradient(), { momentum: 0.5 });
    expect(valuesOf(two)).toEqual([[1 - 0.5 - 0.75, 2 + 0.5 + 0.75]]);
  });

  test("a parameter without a gradient keeps its value, its state and its step count", () => {
    const both = new Map([...parameter(), ["v", variable(tensor([3]))]]);
    const optimizer = new Adam();
    optimizer.step(both, gradient());
    expect(valuesOf(both)[1]).toEqual([3]);
    expect(Object.keys(optimizer.state().scalars)).toEqual(["w"]);
  });

  test("groups match by names, pattern and function; the first match counts", () => {
    const names = ["a.bias", "b.bias", "b.weight", "c"];
    const parameters = new Map(names.map((name) => [name, variable(tensor([1]))]));
    const gradients = new Map(names.map((name) => [name, tensor([1])]));
    const optimizer = new SGD({
      learningRate: 1,
      groups: [
        { match: ["a.bias"], learningRate: 0.5 },
        { match: /bias$/g, learningRate: 0.25 },
        { match: (name) => name.startsWith("b"), learningRate: 0 },
      ],
    });
    optimizer.step(parameters, gradients);
    expect(valuesOf(parameters)).toEqual([[0.5], [0.75], [1], [0]]);
  });

  test("steps make no tensors that stay, and dispose frees the slots", () => {
    const before = memory().numTensors;
    const [w, g] = [parameter(), gradient()];
    const optimizer = new AdamW({ amsgrad: true });
    optimizer.step(w, g);
    const after = memory().numTensors;
    for (let i = 0; i < 50; i++) optimizer.step(w, g);
    expect(memory().numTensors).toBe(after);
    optimizer.dispose();
    w.get("w")?.dispose();
    g.get("w")?.dispose();
    expect(memory().numTensors).toBe(before + 1); // the tensor the variable was made of
  });

  test("names what is wrong with options and states", () => {
    expect(() => new Adam({ lr: 1 } as never)).toThrow(
      'Adam: unknown option "lr"; expected one of learningRate, weightDecay, maximize, beta1, beta2, epsilon, amsgrad.',
    );
    expect(() => new Adam({ beta1: 1.5 })).toThrow(
      "Adam: beta1 is 1.5, expected a finite number from 0 to 1.",
    );
    expect(() => new Adam({ groups: [{ match: ["x"], beta2: -1 }] })).toThrow(
      "Adam: groups[0]: beta2 is -1, expected a finite number from 0 to 1.",
    );
    expect(() => new Adam({ groups: [{ match: 3 as never }] })).toThrow(
      "Adam: groups[0]: match is 3, expected a list of names, a pattern or a function.",
    );
    expect(() => new SGD({ learningRate: 1, nesterov: true })).toThrow(
      "SGD: nesterov needs a momentum above 0 and no dampening, got momentum 0 and dampening 0.",
    );
    expect(() => new Rprop({ weightDecay: 0.1 })).toThrow(/^Rprop: weightDecay is 0.1, expected/);
    expect(() => new Adam().restore(new AdamW().state())).toThrow(
      'Adam.restore: the state was saved by "adamw", this optimizer is "adam"; use the same optimizer, or start without its state.',
    );
    const plain = new Adam();
    plain.step(parameter(), gradient());
    expect(() => new Adam({ amsgrad: true }).restore(plain.state())).toThrow(
      'Adam.restore: the state of "w" has no "maxSecondMoment"; it was saved with other options.',
    );
  });
});
