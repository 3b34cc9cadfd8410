/** Held-out scores of a translator. */
import { corpusBleu, corpusChrf, exactMatch, tokenizeForBleu } from "@seq/eval";
import { evaluateLoss, pairBatches, type TextPair } from "@seq/train";
import { encodePairs } from "./pieces.ts";
import type { TranslateOptions, Translation, Translator } from "./translator.ts";

export interface TranslatorScores {
  /** 0..1 */
  readonly exactMatch: number;
  /** 0..100, sacreBLEU's default settings; over characters when lines have too few words for 4-grams. */
  readonly bleu: number;
  readonly bleuSignature: string;
  /** 0..100, chrF2. */
  readonly chrf: number;
  /** Per target piece. */
  readonly perplexity: number;
  readonly translations: readonly Translation[];
}

/** Translates the sources and compares with the targets. */
export async function evaluateTranslator(
  translator: Translator,
  pairs: readonly TextPair[],
  options: TranslateOptions = {},
): Promise<TranslatorScores> {
  const references = pairs.map(({ target }) => target);
  const translations = translator
    .translate(
      pairs.map(({ source }) => source),
      options,
    )
    .map(([best]) => best as Translation);
  const texts = translations.map(({ text }) => text);
  const bleu = corpusBleu(texts, [references], { tokenize: bleuTokenizer(references) });
  const ids = encodePairs(pairs, translator.sourceTokenizer, translator.targetTokenizer);
  const { perplexity } = await evaluateLoss(
    translator.model,
    pairBatches(ids, { batchSize: 64, shuffle: false }),
  );
  return {
    exactMatch: exactMatch(texts, [references]).value,
    bleu: bleu.value,
    bleuSignature: bleu.signature,
    chrf: corpusChrf(texts, [references]).value,
    perplexity,
    translations,
  };
}

/** BLEU counts n-grams up to 4: of lines of fewer words it says nothing, of their characters it does. */
function bleuTokenizer(references: readonly string[]): "13a" | "char" {
  const words = references.reduce((sum, line) => sum + wordCount(line), 0);
  return words < 4 * references.length ? "char" : "13a";
}

function wordCount(line: string): number {
  return tokenizeForBleu(line, "13a").length;
}
