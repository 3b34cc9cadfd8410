/**
 * The tokenizations of the WMT scorers that BLEU is computed on: `13a` (mteval-v13a), `intl`
 * (mteval-v14 --international-tokenization), `zh`, `char` and `none`, equal to sacreBLEU 2.6.0.
 *
 * Each gives the words of a line; sacreBLEU's string is these words joined by a space. Splitting follows
 * Python's idea of white space. `intl` asks the engine for Unicode categories P, N and S: characters
 * assigned after the Unicode version of either side can differ (Python's `regex` of the goldens: 15.0;
 * Node 20: 15.1 or later). No language-specific tokenizer that needs a model (MeCab, SentencePiece).
 */
import { isSpace, splitWhitespace } from "../text/whitespace.ts";

export type BleuTokenizer = "13a" | "intl" | "char" | "zh" | "none";

export const bleuTokenizers = ["13a", "intl", "char", "zh", "none"] as const;

/** The words of one line. @example tokenizeForBleu("Hi, you.", "13a") // ["Hi", ",", "you", "."] */
export function tokenizeForBleu(line: string, tokenizer: BleuTokenizer): string[] {
  switch (tokenizer) {
    case "13a":
      return tokenize13a(line);
    case "intl":
      return tokenizeInternational(line);
    case "char":
      return tokenizeCharacters(line);
    case "zh":
      return tokenizeChinese(line);
    case "none":
      return splitWhitespace(line);
  }
}

function tokenize13a(line: string): string[] {
  let text = line.replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  if (text.includes("&")) {
    text = text
      .replaceAll("&quot;", '"')
      .replaceAll("&amp;", "&")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">");
  }
  return splitPunctuation(` ${text} `);
}

/** The part that `13a` and `zh` share. It treats the punctuation of ASCII only. */
function splitPunctuation(text: string): string[] {
  const spaced = text
    .replace(/[{-~[-` -&(-+:-@/]/g, " $& ")
    // Period and comma, unless a digit stands before them; then unless one follows.
    .replace(/([^0-9])([.,])/g, "$1 $2 ")
    .replace(/([.,])([^0-9])/g, " $1 $2")
    // A dash after a digit.
    .replace(/([0-9])(-)/g, "$1 $2 ");
  return splitWhitespace(spaced);
}

function tokenizeInternational(line: string): string[] {
  const spaced = line
    .replace(/(\P{N})(\p{P})/gu, "$1 $2 ")
    .replace(/(\p{P})(\P{N})/gu, " $1 $2")
    .replace(/\p{S}/gu, " $& ");
  return splitWhitespace(spaced);
}

function tokenizeCharacters(line: string): string[] {
  const characters: string[] = [];
  for (const character of line) {
    if (!isSpace(character.charCodeAt(0))) characters.push(character);
  }
  return characters;
}

/**
 * The reference compares with strings such as "\u20000" (two characters, where U+20000 was meant), so it
 * splits U+2001-U+2A6D and U+2F81-U+2FA1 and no character beyond the basic plane. Kept: scores must agree.
 */
const chinese =
  /[\u3400-\u4db5\u4e00-\u9fa5\u9fa6-\u9fbb\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\u2001-\u2a6d\u2f81-\u2fa1\uff00-\uffef\u2e80-\u2eff\u3000-\u303f\u31c0-\u31ef\u2f00-\u2fdf\u2ff0-\u2fff\u3100-\u312f\u31a0-\u31bf\ufe10-\ufe1f\ufe30-\ufe4f\u2600-\u26ff\u2700-\u27bf\u3200-\u32ff\u3300-\u33ff]/g;

function tokenizeChinese(line: string): string[] {
  // The reference strips the line first, which matters to the rules at its two ends.
  return splitPunctuation(trimWhitespace(line).replace(chinese, " $& "));
}

function trimWhitespace(text: string): string {
  let begin = 0;
  let end = text.length;
  while (begin < end && isSpace(text.charCodeAt(begin))) begin++;
  while (end > begin && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(begin, end);
}
