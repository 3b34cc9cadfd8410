import type { AlignedText } from "../aligned-text.ts";
import type { Normalizer } from "../stages.types.ts";
import { rewriteCharacters } from "./by-character.ts";

/**
 * Lower case, character by character and without regard to neighbours or language: a final sigma becomes
 * σ, not ς (Hugging Face's rule, which `String.prototype.toLowerCase` does not follow).
 */
export class Lowercase implements Normalizer {
  readonly type = "Lowercase";

  normalize(text: string): string {
    const lower = text.toLowerCase();
    // Only the sigma depends on its neighbours.
    if (!text.includes("Σ")) return lower;
    return rewriteAll(text);
  }

  align(text: AlignedText): AlignedText {
    return rewriteCharacters(text, lowerCase);
  }
}

function rewriteAll(text: string): string {
  let out = "";
  for (const character of text) out += character.toLowerCase();
  return out;
}

function lowerCase(codePoint: number): string | undefined {
  if (codePoint < 0x80) {
    return codePoint >= 0x41 && codePoint <= 0x5a ? String.fromCharCode(codePoint + 32) : undefined;
  }
  const character = String.fromCodePoint(codePoint);
  const lower = character.toLowerCase();
  return lower === character ? undefined : lower;
}
