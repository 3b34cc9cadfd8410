/** The choices that make an encoder-decoder; saved with the weights. */
import { checkInteger, checkNumber, checkOneOf, checkOptions, OptionError } from "@seq/core";

export interface EncoderDecoderOptions {
  readonly sourceVocabSize: number;
  readonly targetVocabSize: number;
  /** Width of source and target embeddings. */
  readonly embeddingSize: number;
  /** Width of the encoder's state, per direction. */
  readonly encoderHiddenSize: number;
  /** Width of the decoder's state. Default: the encoder's output, so that no bridge is needed. */
  readonly decoderHiddenSize?: number;
  readonly encoderLayers?: number;
  /** Read the source in both directions (default true). */
  readonly bidirectional?: boolean;
  /** Recurrent cell of both sides. Default "lstm". */
  readonly cell?: "lstm" | "gru";
  /**
   * How a decoder state h_{i-1} is compared with an encoder output. "dot" wants equal widths.
   * Default "dot" when the widths agree, "general" otherwise.
   */
  readonly attentionScore?: "dot" | "scaled" | "general" | "additive";
  /** Let the output layer see the context beside the state: softmax(W [h_i; c_i]). Default true. */
  readonly outputContext?: boolean;
  /** Dropout on embeddings and before the output layer, 0..1. Default 0. */
  readonly dropout?: number;
  /** Share of the probability of each target spread over all pieces, 0..1. Default 0. */
  readonly labelSmoothing?: number;
}

/** The options with every default filled in. */
export type EncoderDecoderConfig = Required<EncoderDecoderOptions>;

const names = [
  "sourceVocabSize", "targetVocabSize", "embeddingSize", "encoderHiddenSize", "decoderHiddenSize",
  "encoderLayers", "bidirectional", "cell", "attentionScore", "outputContext", "dropout", "labelSmoothing",
]; // biome-ignore format: a list

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {OptionError} `UNKNOWN_OPTION`, `OPTION_RANGE`, or `ATTENTION_WIDTHS` when "dot" or "scaled" is
 *   asked for states of different widths.
 */
export function encoderDecoderConfig(options: EncoderDecoderOptions): EncoderDecoderConfig {
  const where = "EncoderDecoder";
  checkOptions(where, options, names);
  const size = (name: keyof EncoderDecoderOptions, value: unknown) =>
    checkInteger(where, name, value, { min: 1 });
  const share = (name: keyof EncoderDecoderOptions, value: unknown) =>
    checkNumber(where, name, value ?? 0, { min: 0, max: 1 });

  const encoderHiddenSize = size("encoderHiddenSize", options.encoderHiddenSize);
  const bidirectional = options.bidirectional ?? true;
  const encoderOutputSize = encoderHiddenSize * (bidirectional ? 2 : 1);
  const decoderHiddenSize = size(
    "decoderHiddenSize",
    options.decoderHiddenSize ?? encoderOutputSize,
  );
  const sameWidth = decoderHiddenSize === encoderOutputSize;
  const attentionScore = checkOneOf(
    where,
    "attentionScore",
    options.attentionScore ?? (sameWidth ? "dot" : "general"),
    ["dot", "scaled", "general", "additive"],
  );
  if (!sameWidth && (attentionScore === "dot" || attentionScore === "scaled")) {
    throw new OptionError(
      `${where}: attentionScore "${attentionScore}" wants equal widths, but the decoder state has ${decoderHiddenSize} and the encoder output ${encoderOutputSize}; use "general" or "additive".`,
      { code: "ATTENTION_WIDTHS", details: { decoderHiddenSize, encoderOutputSize } },
    );
  }
  return {
    sourceVocabSize: size("sourceVocabSize", options.sourceVocabSize),
    targetVocabSize: size("targetVocabSize", options.targetVocabSize),
    embeddingSize: size("embeddingSize", options.embeddingSize),
    encoderHiddenSize,
    decoderHiddenSize,
    encoderLayers: size("encoderLayers", options.encoderLayers ?? 1),
    bidirectional,
    cell: checkOneOf(where, "cell", options.cell ?? "lstm", ["lstm", "gru"]),
    attentionScore,
    outputContext: options.outputContext ?? true,
    dropout: share("dropout", options.dropout),
    labelSmoothing: share("labelSmoothing", options.labelSmoothing),
  };
}

export function encoderOutputSize(config: EncoderDecoderConfig): number {
  return config.encoderHiddenSize * (config.bidirectional ? 2 : 1);
}
