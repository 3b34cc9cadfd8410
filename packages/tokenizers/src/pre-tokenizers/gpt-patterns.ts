/** The patterns of the GPT family by name, and how the regular expressions in files are recognised. */
import type { GptPattern } from "./gpt-scanner.ts";

/** GPT-2 and GPT-3: `r50k_base`, `p50k_base`, and Hugging Face's ByteLevel. */
export const gpt2Pattern: GptPattern = {
  letters: "spaced",
  digits: "all",
  contractions: "lower",
  lines: "none",
};

/** GPT-3.5 and GPT-4: `cl100k_base` as Hugging Face and Llama 3 write it. */
export const cl100kPattern: GptPattern = {
  letters: "prefixed",
  digits: 3,
  contractions: "any-case",
  lines: "breaks",
};

/** GPT-4o and later: `o200k_base`. */
export const o200kPattern: GptPattern = {
  letters: "cased",
  digits: 3,
  contractions: "suffix",
  lines: "breaks-and-slash",
};

const caseless = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";

/** The pattern that a regular expression of a file stands for, if it is one of the family. */
export function recogniseGptPattern(source: string): GptPattern | undefined {
  const spaces = "\\s+(?!\\S)|\\s+";
  const punctuation = " ?[^\\s\\p{L}\\p{N}]+";
  if (source === `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|${punctuation}|${spaces}`) {
    return gpt2Pattern;
  }
  if (source === `'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+|${punctuation}|${spaces}`) {
    return gpt2Pattern;
  }
  for (const digits of [1, 3] as const) {
    const number = digits === 1 ? "\\p{N}" : "\\p{N}{1,3}";
    const breaks = `${punctuation}[\\r\\n]*|\\s*[\\r\\n]+|${spaces}`;
    for (const contraction of [caseless, "'(?i:[sdmt]|ll|ve|re)"]) {
      if (source === `${contraction}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${number}|${breaks}`) {
        return { ...cl100kPattern, digits };
      }
    }
    const rest = `${number}|${punctuation}[\\r\\n/]*|\\s*[\\r\\n]+|${spaces}`;
    for (const contractions of ["suffix", "none"] as const) {
      const suffix = contractions === "suffix" ? `${caseless}?` : "";
      const words = `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${suffix}|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${suffix}`;
      if (source === `${words}|${rest}`) return { ...o200kPattern, digits, contractions };
    }
  }
  return undefined;
}

/** A pattern as a regular expression in Oniguruma's dialect, as `tokenizer.json` files have it. */
export function gptRegexSource(pattern: GptPattern): string {
  const punctuation = " ?[^\\s\\p{L}\\p{N}]+";
  const spaces = `${pattern.trailing ? "\\s++\\z|" : ""}%\\s+(?!\\S)|\\s+`;
  if (pattern.letters === "spaced") {
    const contractions = pattern.contractions === "lower" ? "'s|'t|'re|'ve|'m|'ll|'d|" : "";
    const number = pattern.digits === "all" ? " ?\\p{N}+" : `\\p{N}{1,${pattern.digits}}`;
    return `${contractions} ?\\p{L}+|${number}|${punctuation}|${spaces.replace("%", "")}`;
  }
  const number =
    pattern.digits === "all" ? "\\p{N}+" : pattern.digits === 1 ? "\\p{N}" : "\\p{N}{1,3}";
  const lines = { none: "", breaks: "[\\r\\n]*", "breaks-and-slash": "[\\r\\n/]*" }[pattern.lines];
  const breaks = spaces.replace("%", pattern.lines === "none" ? "" : "\\s*[\\r\\n]+|");
  const rest = `${number}|${punctuation}${lines}|${breaks}`;
  const prefix = "[^\\r\\n\\p{L}\\p{N}]?";
  if (pattern.letters === "prefixed") {
    const contractions = {
      "any-case": `${caseless}|`,
      lower: "'s|'t|'re|'ve|'m|'ll|'d|",
      suffix: "",
      none: "",
    };
    return `${contractions[pattern.contractions]}${prefix}\\p{L}+|${rest}`;
  }
  const suffix = pattern.contractions === "suffix" ? `${caseless}?` : "";
  return `${prefix}${upper}*${lower}+${suffix}|${prefix}${upper}+${lower}*${suffix}|${rest}`;
}
