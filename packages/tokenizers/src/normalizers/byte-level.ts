import type { AlignedText } from "../aligned-text.ts";
import { Pieces } from "../pieces.ts";
import { toByteAlphabet } from "../pre-tokenizers/byte-level.ts";
import type { Normalizer } from "../stages.types.ts";
import { bytesToAlphabet } from "../text/byte-alphabet.ts";
import { encodeUtf8 } from "../text/utf8.ts";

/** Writes the text in GPT-2's byte alphabet. */
export class ByteLevelNormalizer implements Normalizer {
  readonly type = "ByteLevel";
  readonly byteLevel = true;

  normalize(text: string): string {
    return bytesToAlphabet(encodeUtf8(text));
  }

  align(text: AlignedText): AlignedText {
    return toByteAlphabet(Pieces.whole(text)).source;
  }
}
