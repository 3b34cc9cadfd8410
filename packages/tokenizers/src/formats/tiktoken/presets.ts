/** What `.tiktoken` files do not say: pattern and special tokens of the known encodings. */
import { cl100kPattern, gpt2Pattern, o200kPattern } from "../../pre-tokenizers/gpt-patterns.ts";
import type { GptPattern } from "../../pre-tokenizers/gpt-scanner.ts";

export interface TiktokenPreset {
  readonly pattern: GptPattern;
  /** Special tokens and their ids. */
  readonly specialTokens: Readonly<Record<string, number>>;
  /** Number of ranks in the published file, by which it is recognised. */
  readonly ranks: number;
}

export type TiktokenPresetName =
  | "r50k_base"
  | "gpt2"
  | "p50k_base"
  | "p50k_edit"
  | "cl100k_base"
  | "o200k_base"
  | "o200k_harmony"
  | "llama3"
  | "qwen";

const names: readonly TiktokenPresetName[] = [
  "r50k_base", "gpt2", "p50k_base", "p50k_edit", "cl100k_base", "o200k_base", "o200k_harmony",
  "llama3", "qwen",
]; // biome-ignore format: a list

export function isTiktokenPreset(name: string): name is TiktokenPresetName {
  return (names as readonly string[]).includes(name);
}

export function tiktokenPreset(name: TiktokenPresetName): TiktokenPreset {
  const end = "<|endoftext|>";
  const fim = ["<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"] as const;
  // tiktoken takes white space at the end of a text as one word, line breaks included.
  const cl100k = { ...cl100kPattern, trailing: true };
  switch (name) {
    case "r50k_base":
    case "gpt2":
      return { pattern: gpt2Pattern, ranks: 50256, specialTokens: { [end]: 50256 } };
    case "p50k_base":
      return { pattern: gpt2Pattern, ranks: 50280, specialTokens: { [end]: 50256 } };
    case "p50k_edit":
      return {
        pattern: gpt2Pattern,
        ranks: 50280,
        specialTokens: { [end]: 50256, [fim[0]]: 50281, [fim[1]]: 50282, [fim[2]]: 50283 },
      };
    case "cl100k_base":
      return {
        pattern: cl100k,
        ranks: 100256,
        specialTokens: {
          [end]: 100257, [fim[0]]: 100258, [fim[1]]: 100259, [fim[2]]: 100260, "<|endofprompt|>": 100276,
        }, // biome-ignore format: a table
      };
    case "o200k_base":
      return {
        pattern: o200kPattern,
        ranks: 199998,
        specialTokens: { [end]: 199999, "<|endofprompt|>": 200018 },
      };
    case "o200k_harmony":
      return { pattern: o200kPattern, ranks: 199998, specialTokens: harmonyTokens() };
    case "llama3":
      return { pattern: cl100kPattern, ranks: 128000, specialTokens: llama3Tokens() };
    case "qwen":
      return {
        pattern: { ...cl100kPattern, digits: 1 },
        ranks: 151643,
        specialTokens: { [end]: 151643, "<|im_start|>": 151644, "<|im_end|>": 151645 },
      };
  }
}

function llama3Tokens(): Record<string, number> {
  const named = [
    "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>",
    "<|reserved_special_token_1|>", "<|reserved_special_token_2|>", "<|reserved_special_token_3|>",
    "<|start_header_id|>", "<|end_header_id|>", "<|reserved_special_token_4|>", "<|eot_id|>",
  ]; // biome-ignore format: a list
  const reserved = Array.from({ length: 246 }, (_, i) => `<|reserved_special_token_${i + 5}|>`);
  return Object.fromEntries([...named, ...reserved].map((token, i) => [token, 128000 + i]));
}

function harmonyTokens(): Record<string, number> {
  const named: Record<string, number> = {
    "<|startoftext|>": 199998, "<|endoftext|>": 199999, "<|return|>": 200002, "<|constrain|>": 200003,
    "<|channel|>": 200005, "<|start|>": 200006, "<|end|>": 200007, "<|message|>": 200008,
    "<|call|>": 200012, "<|endofprompt|>": 200018,
  }; // biome-ignore format: a table
  const taken = new Set(Object.values(named));
  for (let id = 200000; id <= 201087; id++) {
    if (!taken.has(id)) named[`<|reserved_${id}|>`] = id;
  }
  return named;
}

/** The preset that a file is of, by its name or else by the number of its ranks. */
export function recogniseTiktoken(fileName: string, ranks: number): TiktokenPresetName | undefined {
  const base = fileName.toLowerCase();
  const named = [...names].reverse().find((name) => base.includes(name));
  if (named !== undefined && tiktokenPreset(named).ranks === ranks) return named;
  return (["r50k_base", "p50k_base", "cl100k_base", "o200k_base", "llama3", "qwen"] as const).find(
    (name) => tiktokenPreset(name).ranks === ranks,
  );
}
