/**
 * Byte-level BPE without the pipeline around it: text to ids and back, counting. The ids are those of
 * `readTiktoken` with special tokens as plain text. No offsets, no special tokens, no training: that is
 * what keeps it small.
 */
import { checkOptions, VocabularyError } from "@seq/core";
import { AddedTokens } from "./added-tokens.ts";
import { readRanks } from "./formats/tiktoken/ranks.ts";
import { BPE } from "./models/bpe/model.ts";
import { cl100kPattern } from "./pre-tokenizers/gpt-patterns.ts";
import { type GptPattern, GptScanner } from "./pre-tokenizers/gpt-scanner.ts";
import type { PreTokenizer } from "./stages.types.ts";
import { decodeUtf8 } from "./text/utf8.ts";
import type { Vocabulary } from "./vocabulary.ts";
import { IdCollector } from "./words.ts";

export interface BpeEncoderOptions {
  /** The bytes of a `.tiktoken` file. */
  readonly ranks: Uint8Array;
  /** How text is cut into words. Default: GPT-4's, `cl100k_base`. */
  readonly pattern?: GptPattern;
}

export class BpeEncoder {
  readonly vocab: Vocabulary;
  readonly #words: IdCollector;

  /** @throws {FormatError} naming the line of the file. */
  constructor(options: BpeEncoderOptions) {
    checkOptions("BpeEncoder", options, ["ranks", "pattern"]);
    const pattern = options.pattern ?? { ...cl100kPattern, trailing: true };
    this.vocab = readRanks(options.ranks, "BpeEncoder: ranks");
    const preTokenizer: PreTokenizer = {
      scanner: new GptScanner(pattern),
      preTokenize: (pieces) => pieces, // the scanner is asked instead
    };
    const model = new BPE({ vocab: this.vocab });
    this.#words = new IdCollector({ model, preTokenizer }, new AddedTokens([]));
  }

  /** @example new BpeEncoder({ ranks }).encode("hello world") // [15339, 1917] */
  encode(text: string): Uint32Array {
    return this.#words.ids(text, "text", undefined);
  }

  /** Number of tokens. */
  count(text: string): number {
    return this.#words.count(text, "text");
  }

  /** @throws {VocabularyError} `UNKNOWN_ID` */
  decode(ids: ArrayLike<number>): string {
    let length = 0;
    for (let i = 0; i < ids.length; i++) {
      if (!this.vocab.has(ids[i] as number)) {
        throw new VocabularyError(`BpeEncoder.decode: id ${ids[i]} has no token.`, {
          code: "UNKNOWN_ID",
          details: { id: ids[i] },
        });
      }
      length += this.vocab.byteLength(ids[i] as number);
    }
    const bytes = new Uint8Array(length);
    let end = 0;
    for (let i = 0; i < ids.length; i++) end = this.vocab.copyBytes(ids[i] as number, bytes, end);
    return decodeUtf8(bytes);
  }
}
