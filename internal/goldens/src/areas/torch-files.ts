/** Files that PyTorch users have: every value read, and the model in them run. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { GRU, LSTM, readStateDict, type StateDict, stackState } from "@seq/cells";
import { entryToFloat32, Rng } from "@seq/core";
import { embedding, linear } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { Checks, differenceOfLists } from "../check.ts";
import type { Area } from "../types.ts";
import {
  differenceOfTensor,
  firstDifference,
  isTorchFile,
  type OracleTensor,
  onBothBackends,
  outputTolerance,
  runCase,
  toTensor,
} from "./torch-tensors.ts";

export const torchFiles: Area = {
  name: "torch files",
  recognises: (file) => isTorchFile(file, ["files", "config", "state_dict", "input_ids"]),
  async run({ path, json }) {
    const checks = new Checks();
    await onBothBackends(async (backend) => {
      for (const example of json.cases) {
        for (const name of example.files as string[]) {
          const bytes = readFileSync(join(dirname(path), "files", name));
          await runCase(checks, `${backend} ${name}`, () => {
            const stateDict = readStateDict(bytes, { where: name });
            return (
              differenceOfValues(stateDict, example.state_dict) ?? runModel(stateDict, example)
            );
          });
        }
      }
    });
    return checks.verdict();
  },
};

/** All values of the file, exactly. A tied weight may stand there once. */
function differenceOfValues(
  stateDict: StateDict,
  expected: Record<string, OracleTensor>,
): string | undefined {
  return firstDifference(
    Object.entries(expected).map(([name, tensor]) => {
      const entry = stateDict.get(name);
      if (entry === undefined) return `${name} is missing`;
      return (
        differenceOfLists(`${name}.shape`, entry.shape, tensor.shape) ??
        differenceOfLists(name, entryToFloat32(entry), Float32Array.from(tensor.data, Number))
      );
    }),
  );
}

/** Embedding, recurrent layers, linear. */
// biome-ignore lint/suspicious/noExplicitAny: an oracle case as it comes.
function runModel(stateDict: StateDict, { config, input_ids, expect }: any): string | undefined {
  const options = {
    inputSize: config.emb as number,
    hiddenSize: config.hidden as number,
    numLayers: config.layers as number,
    bidirectional: (config.bidirectional as boolean | undefined) ?? true,
    rng: new Rng(0),
  };
  using layers = config.cell === "GRU" ? new GRU(options) : new LSTM(options);
  layers.loadStateDict(stateDict, { prefix: "rnn." });
  const results = tf.tidy(() => {
    const weight = (name: string) => {
      const entry = stateDict.get(name) as NonNullable<ReturnType<StateDict["get"]>>;
      return tf.tensor(entryToFloat32(entry), [...entry.shape]);
    };
    const embedded = embedding(weight("embedding.weight"), toTensor(input_ids));
    const { outputs, finalState } = layers.forward(embedded);
    const states: Record<string, tf.Tensor> = stackState(finalState);
    const logits = linear(outputs, weight("linear.weight"), weight("linear.bias"));
    return { outputs, logits, states };
  });
  const difference = firstDifference([
    differenceOfTensor("rnn_output", results.outputs, expect.rnn_output, outputTolerance),
    differenceOfTensor("h_n", results.states["h"], expect.h_n, outputTolerance),
    expect.c_n && differenceOfTensor("c_n", results.states["c"], expect.c_n, outputTolerance),
    differenceOfTensor("logits", results.logits, expect.logits, outputTolerance),
  ]);
  tf.dispose(results);
  return difference;
}
