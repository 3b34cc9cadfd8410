import { loadKernels } from "@seq/kernels";
import { tensor } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { flattenState, unflattenState } from "./carried-state.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

describe("carried state", () => {
  test("comes back with its lists, records and plain values", () => {
    const state = { layers: [{ h: tensor([1, 2]), c: tensor([[3]]) }], offset: 4, none: null };
    const { shape, tensors } = flattenState(state);
    const back = unflattenState(JSON.parse(JSON.stringify(shape)), tensors) as typeof state;
    expect([...back.layers[0]!.h.dataSync()]).toEqual([1, 2]);
    expect(back.layers[0]!.c.shape).toEqual([1, 1]);
    expect([back.offset, back.none]).toEqual([4, null]);
    expect(unflattenState(flattenState(undefined).shape, new Map())).toBeUndefined();
  });

  test("what cannot be saved is named", () => {
    expect(() => flattenState({ cache: new Map() })).toThrow(
      "checkpoint: the model's carried state holds a Map, expected tensors, lists, records and plain values.",
    );
  });
});
