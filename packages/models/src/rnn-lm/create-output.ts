import type { Rng } from "@seq/core";
import type { Variable } from "@tensorflow/tfjs-core";
import { AdaptiveSoftmax } from "../output-layers/adaptive-softmax.ts";
import { ClassSoftmax } from "../output-layers/class-softmax.ts";
import { FullSoftmax } from "../output-layers/full-softmax.ts";
import type { OutputLayer } from "../output-layers/output-layer.types.ts";
import { RankedOutput } from "../output-layers/ranked-output.ts";
import { SampledOutput } from "../output-layers/sampled-output.ts";
import type { OutputConfig } from "./config.ts";

/** The output layer of a config. */
export function createOutput(
  config: OutputConfig,
  inputSize: number,
  vocabSize: number,
  rng: Rng,
  tiedWeight: Variable | undefined,
): OutputLayer {
  const common = { inputSize, vocabSize, rng };
  const full = { ...common, ...(tiedWeight && { tiedWeight }) };
  switch (config.kind) {
    case "softmax":
      return new FullSoftmax(full);
    case "adaptive": {
      const { cutoffs, divValue, ranks } = config;
      const options = { ...common, cutoffs, ...(divValue !== undefined && { divValue }) };
      return ranked(new AdaptiveSoftmax(options), ranks);
    }
    case "class":
      return ranked(new ClassSoftmax({ ...common, boundaries: config.boundaries }), config.ranks);
    case "sampled-softmax":
    case "nce":
    case "blackout": {
      const { kind, samples, counts, power } = config;
      return new SampledOutput({
        ...full,
        method: kind,
        samples,
        counts,
        ...(power !== undefined && { power }),
      });
    }
  }
}

function ranked(layer: OutputLayer, ranks: readonly number[] | undefined): OutputLayer {
  return ranks === undefined ? layer : new RankedOutput(layer, ranks);
}
