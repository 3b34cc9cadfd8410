import type { AttentionSample, Translator, TranslatorScores } from "@seq/pipelines";
import type { StartData } from "./data.ts";

/** Numbers whose German turns tens and units round: the heat-map leaves its diagonal there. */
const tellingNumbers = [
  "twenty-one",
  "ninety-eight thousand seven hundred sixty-five",
  "three hundred forty-five thousand six hundred seventy-eight",
];

/** The attention of a few translations that are worth looking at. */
export function pickAttention(
  data: StartData,
  translator: Translator,
  scores: TranslatorScores,
): AttentionSample[] {
  if (data.job === "numbers") {
    return translator.translate(tellingNumbers).map(([best]) => best?.attention as AttentionSample);
  }
  // Sentences of middling length fit a page and still show structure.
  return scores.translations
    .filter(({ attention }) => attention.sourcePieces.length >= 6)
    .filter(({ attention }) => attention.sourcePieces.length <= 16)
    .slice(0, 4)
    .map(({ attention }) => attention);
}
