/** What a recurrent language model is made of, as plain JSON. */
import { checkInteger, checkNumber, checkOneOf, checkOptions, OptionError } from "@seq/core";

/** The output layer; `counts` and `ranks` have one number per id. */
export type OutputConfig =
  | { readonly kind: "softmax" }
  | {
      readonly kind: "adaptive";
      readonly cutoffs: readonly number[];
      readonly divValue?: number;
      /** Rank of each id by frequency, when the ids are not sorted by it. */
      readonly ranks?: readonly number[];
    }
  | {
      readonly kind: "sampled-softmax" | "nce" | "blackout";
      readonly samples: number;
      readonly counts: readonly number[];
      readonly power?: number;
    }
  | {
      readonly kind: "class";
      /** First id of each class but the first (`classBoundaries`). */
      readonly boundaries: readonly number[];
      readonly ranks?: readonly number[];
    };

/** Rates of dropout, 0..1; all default to 0. */
export interface DropoutConfig {
  /** Whole ids: their embedding is zero in the whole batch (Gal & Ghahramani 2016). */
  readonly embedding?: number;
  /** On the embedded inputs. */
  readonly input?: number;
  /** Between layers. */
  readonly hidden?: number;
  /** On the last layer's outputs. */
  readonly output?: number;
  /** On the hidden-to-hidden weights (Merity et al. 2018). */
  readonly weight?: number;
  /** True: one mask for all time steps of a batch; false: a new one per step (Zaremba et al. 2014). Default false. */
  readonly variational?: boolean;
}

export interface RnnLanguageModelConfig {
  readonly cell: "lstm" | "gru" | "elman";
  readonly vocabSize: number;
  readonly embeddingSize: number;
  /** One size for all layers, or one per layer. */
  readonly hiddenSize: number | readonly number[];
  /** Number of layers; default 1, or the number of sizes. */
  readonly numLayers?: number;
  /** LSTM: size of the projected h (Sak et al. 2014), 0 for none. */
  readonly projSize?: number;
  /** Use the embedding as output weight (Press & Wolf 2017); sizes that differ get a projection between. */
  readonly tied?: boolean;
  /** Learn h_0 (and c_0) instead of zeros. */
  readonly learnInitialState?: boolean;
  readonly dropout?: DropoutConfig;
  /** α of activation regularisation, α mean(m ⊙ h)² on the last outputs (Merity et al. 2017). Default 0. */
  readonly ar?: number;
  /** β of temporal activation regularisation, β mean (h_t - h_{t+1})². Default 0. */
  readonly tar?: number;
  /** Default the full softmax. */
  readonly output?: OutputConfig;
  /** Hashed n-gram features beside the network (RNNME): orders 1..order in a table of 2^bits weights. */
  readonly maxent?: { readonly order: number; readonly bits: number };
  /** Id that the model reads before a sequence. Default: the end id, or 0. */
  readonly beginId?: number;
  /** Id that ends a sequence; leave out for running text. */
  readonly endId?: number;
}

/** The config with every default filled in. */
export interface FullConfig extends RnnLanguageModelConfig {
  readonly hiddenSizes: readonly number[];
  readonly projSize: number;
  readonly tied: boolean;
  readonly learnInitialState: boolean;
  readonly dropout: Required<DropoutConfig>;
  readonly ar: number;
  readonly tar: number;
  readonly output: OutputConfig;
  readonly beginId: number;
  /** Size of the last layer's h. */
  readonly lastSize: number;
}

const where = "RnnLanguageModel";
const keys = [
  "cell", "vocabSize", "embeddingSize", "hiddenSize", "numLayers", "projSize", "tied", "learnInitialState",
  "dropout", "ar", "tar", "output", "maxent", "beginId", "endId",
]; // biome-ignore format: a list

/**
 * Checks a config and fills in its defaults.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`, `BIDIRECTIONAL`
 */
export function fullConfig(config: RnnLanguageModelConfig): FullConfig {
  if ("bidirectional" in config) {
    throw new OptionError(
      `${where}: bidirectional layers read the words that a language model has to predict, so their loss means nothing; expected one direction. Use a tagger or a classifier for both directions.`,
      { code: "BIDIRECTIONAL" },
    );
  }
  checkOptions(where, config, keys);
  const cell = checkOneOf(where, "cell", config.cell, ["lstm", "gru", "elman"]);
  const vocabSize = checkInteger(where, "vocabSize", config.vocabSize, { min: 2 });
  checkInteger(where, "embeddingSize", config.embeddingSize, { min: 1 });
  const hiddenSizes = sizesOf(config);
  const projSize = checkInteger(where, "projSize", config.projSize ?? 0, { min: 0 });
  if (projSize > 0 && (cell !== "lstm" || hiddenSizes.some((size) => projSize >= size))) {
    throw new OptionError(
      `${where}: projSize is ${projSize} for a ${cell} of hidden size ${hiddenSizes.join(", ")}, expected an lstm with larger hidden sizes.`,
      { code: "OPTION_RANGE", details: { option: "projSize", value: projSize } },
    );
  }
  const output = config.output ?? { kind: "softmax" };
  const tied = config.tied ?? false;
  checkCombination(config, output, tied);
  for (const [name, id] of Object.entries({ beginId: config.beginId, endId: config.endId })) {
    if (id !== undefined) checkInteger(where, name, id, { min: 0, max: vocabSize - 1 });
  }
  return {
    ...config,
    hiddenSizes,
    projSize,
    tied,
    learnInitialState: config.learnInitialState ?? false,
    dropout: fullDropout(config.dropout ?? {}),
    ar: checkNumber(where, "ar", config.ar ?? 0, { min: 0 }),
    tar: checkNumber(where, "tar", config.tar ?? 0, { min: 0 }),
    output,
    beginId: config.beginId ?? config.endId ?? 0,
    lastSize: projSize > 0 ? projSize : hiddenSizes.at(-1)!,
  };
}

function sizesOf({ hiddenSize, numLayers }: RnnLanguageModelConfig): number[] {
  const sizes =
    typeof hiddenSize === "number"
      ? new Array<number>(checkInteger(where, "numLayers", numLayers ?? 1, { min: 1 })).fill(
          hiddenSize,
        )
      : [...hiddenSize];
  sizes.forEach((size) => {
    checkInteger(where, "hiddenSize", size, { min: 1 });
  });
  if (sizes.length === 0 || (numLayers !== undefined && numLayers !== sizes.length)) {
    throw new OptionError(
      `${where}: ${sizes.length} hidden sizes for numLayers ${numLayers}, expected one per layer.`,
      { code: "OPTION_RANGE", details: { option: "hiddenSize", value: hiddenSize } },
    );
  }
  return sizes;
}

function fullDropout(dropout: DropoutConfig): Required<DropoutConfig> {
  checkOptions(`${where}: dropout`, dropout, [
    ...["embedding", "input", "hidden", "output", "weight", "variational"],
  ]);
  const rate = (name: "embedding" | "input" | "hidden" | "output" | "weight"): number =>
    checkNumber(`${where}: dropout`, name, dropout[name] ?? 0, { min: 0, max: 1 });
  return {
    embedding: rate("embedding"),
    input: rate("input"),
    hidden: rate("hidden"),
    output: rate("output"),
    weight: rate("weight"),
    variational: dropout.variational ?? false,
  };
}

function checkCombination(
  { maxent }: RnnLanguageModelConfig,
  output: OutputConfig,
  tied: boolean,
): void {
  if (tied && (output.kind === "adaptive" || output.kind === "class")) {
    throw new OptionError(
      `${where}: tied is true with an output of kind "${output.kind}", which has no one weight of the embedding's shape; expected "softmax" or a sampled kind.`,
      { code: "OPTION_RANGE", details: { option: "tied" } },
    );
  }
  if (maxent === undefined) return;
  checkOptions(`${where}: maxent`, maxent, ["order", "bits"]);
  checkInteger(`${where}: maxent`, "order", maxent.order, { min: 1, max: 16 });
  checkInteger(`${where}: maxent`, "bits", maxent.bits, { min: 4, max: 26 });
  if (output.kind !== "softmax") {
    throw new OptionError(
      `${where}: maxent adds to the logits of the full softmax, the output is of kind "${output.kind}"; expected "softmax".`,
      { code: "OPTION_RANGE", details: { option: "maxent" } },
    );
  }
}
