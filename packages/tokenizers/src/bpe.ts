/** The smallest way in: byte-level BPE from ranks, ids only. For pages that count tokens or cut prompts. */
export { BpeEncoder, type BpeEncoderOptions } from "./bpe-encoder.ts";
export { cl100kPattern, gpt2Pattern, o200kPattern } from "./pre-tokenizers/gpt-patterns.ts";
export type { GptPattern } from "./pre-tokenizers/gpt-scanner.ts";
