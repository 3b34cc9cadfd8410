import type { RnnLanguageModelConfig } from "./config.ts";

/** Configurations of the literature, but for the vocabulary, which the caller has. */
export type PresetName =
  | "lstm-2048-512"
  | "lstm-2x8192-1024"
  | "zaremba-small"
  | "zaremba-medium"
  | "zaremba-large"
  | "awd-lstm";

/**
 * A published configuration for a vocabulary.
 *
 * - `lstm-2048-512`, `lstm-2x8192-1024`: LSTMs with projection of Jozefowicz et al. 2016 (One-Billion-Word table).
 * - `zaremba-*`: Zaremba et al. 2014, sizes and dropout of small, medium, large.
 * - `awd-lstm`: Merity et al. 2018, three layers, tied, all its regularisation.
 */
export function rnnPreset(name: PresetName, vocabSize: number): RnnLanguageModelConfig {
  const zaremba = (size: number, rate: number): RnnLanguageModelConfig => ({
    cell: "lstm",
    vocabSize,
    embeddingSize: size,
    hiddenSize: size,
    numLayers: 2,
    dropout: { input: rate, hidden: rate, output: rate },
  });
  switch (name) {
    case "lstm-2048-512":
      return { cell: "lstm", vocabSize, embeddingSize: 512, hiddenSize: 2048, projSize: 512 };
    case "lstm-2x8192-1024":
      return {
        cell: "lstm",
        vocabSize,
        embeddingSize: 1024,
        hiddenSize: 8192,
        numLayers: 2,
        projSize: 1024,
      };
    case "zaremba-small":
      return zaremba(200, 0);
    case "zaremba-medium":
      return zaremba(650, 0.5);
    case "zaremba-large":
      return zaremba(1500, 0.65);
    case "awd-lstm":
      return {
        cell: "lstm",
        vocabSize,
        embeddingSize: 400,
        hiddenSize: [1150, 1150, 400],
        tied: true,
        dropout: {
          embedding: 0.1,
          input: 0.65,
          hidden: 0.2,
          output: 0.4,
          weight: 0.5,
          variational: true,
        },
        ar: 2,
        tar: 1,
      };
  }
}
