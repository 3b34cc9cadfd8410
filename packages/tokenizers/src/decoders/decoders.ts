/** Hugging Face's decoders, each a rewriting of the list of tokens. */
import { byteOfToken } from "../models/byte-tokens.ts";
import type { Decoder } from "../stages.types.ts";
import { alphabetToBytes } from "../text/byte-alphabet.ts";
import { decodeUtf8, encodeUtf8 } from "../text/utf8.ts";

/** Tokens written in GPT-2's byte alphabet; others are taken as they are. */
export class ByteLevelDecoder implements Decoder {
  readonly type = "ByteLevel";
  readonly byteLevel = true;
  /** Kept for files only. */
  readonly options: { readonly addPrefixSpace: boolean; trimOffsets: boolean; useRegex: boolean };

  constructor(
    options: { addPrefixSpace?: boolean; trimOffsets?: boolean; useRegex?: boolean } = {},
  ) {
    const { addPrefixSpace = false, trimOffsets = true, useRegex = true } = options;
    this.options = { addPrefixSpace, trimOffsets, useRegex };
  }

  decodeChain(tokens: readonly string[]): string[] {
    const parts = tokens.map((token) => alphabetToBytes(token) ?? encodeUtf8(token));
    const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let end = 0;
    for (const part of parts) {
      bytes.set(part, end);
      end += part.length;
    }
    return [decodeUtf8(bytes)];
  }
}

/** Joins tokens that carry the prefix to the one before, puts a space before the others. */
export class WordPieceDecoder implements Decoder {
  readonly type = "WordPiece";
  readonly prefix: string;
  /** Also close up the space before punctuation and English contractions. */
  readonly cleanup: boolean;

  constructor({ prefix = "##", cleanup = true }: { prefix?: string; cleanup?: boolean } = {}) {
    this.prefix = prefix;
    this.cleanup = cleanup;
  }

  decodeChain(tokens: readonly string[]): string[] {
    return tokens.map((token, i) => {
      let text = token;
      if (i > 0)
        text = token.startsWith(this.prefix) ? token.slice(this.prefix.length) : ` ${token}`;
      return this.cleanup ? cleanUp(text) : text;
    });
  }
}

/** Closes up the spaces that tokenizing put around punctuation. */
export function cleanUp(text: string): string {
  const pairs = [
    [" .", "."], [" ?", "?"], [" !", "!"], [" ,", ","], [" ' ", "'"], [" n't", "n't"], [" 'm", "'m"],
    [" do not", " don't"], [" 's", "'s"], [" 've", "'ve"], [" 're", "'re"],
  ] as const; // biome-ignore format: a table
  return pairs.reduce((current, [from, to]) => current.replaceAll(from, to), text);
}

/** Turns runs of byte tokens (`<0xE2>`) into their text; bytes that are no text become U+FFFD each. */
export class ByteFallbackDecoder implements Decoder {
  readonly type = "ByteFallback";

  decodeChain(tokens: readonly string[]): string[] {
    const out: string[] = [];
    let bytes: number[] = [];
    const flush = (): void => {
      if (bytes.length === 0) return;
      try {
        out.push(
          new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes)),
        );
      } catch {
        for (const _ of bytes) out.push("\ufffd");
      }
      bytes = [];
    };
    for (const token of tokens) {
      const byte = byteOfToken(token);
      if (byte >= 0) {
        bytes.push(byte);
      } else {
        flush();
        out.push(token);
      }
    }
    flush();
    return out;
  }
}

/** Makes one token of all. */
export class Fuse implements Decoder {
  readonly type = "Fuse";

  decodeChain(tokens: readonly string[]): string[] {
    return [tokens.join("")];
  }
}

/** Drops up to `start` and `stop` times a character at the ends of every token. */
export class StripDecoder implements Decoder {
  readonly type = "Strip";
  readonly content: string;
  readonly start: number;
  readonly stop: number;

  constructor({ content, start, stop }: { content: string; start: number; stop: number }) {
    this.content = content;
    this.start = start;
    this.stop = stop;
  }

  decodeChain(tokens: readonly string[]): string[] {
    return tokens.map((token) => {
      const characters = [...token];
      let begin = 0;
      while (
        begin < Math.min(this.start, characters.length) &&
        characters[begin] === this.content
      ) {
        begin++;
      }
      let end = characters.length;
      for (let i = 0; i < this.stop && end > begin && characters[end - 1] === this.content; i++)
        end--;
      return characters.slice(begin, end).join("");
    });
  }
}

/** The end-of-word suffix becomes a space, but at the very end nothing. */
export class BPEDecoder implements Decoder {
  readonly type = "BPEDecoder";
  readonly suffix: string;

  constructor({ suffix = "</w>" }: { suffix?: string } = {}) {
    this.suffix = suffix;
  }

  decodeChain(tokens: readonly string[]): string[] {
    return tokens.map((token, i) => {
      if (this.suffix === "") return token;
      return token.replaceAll(this.suffix, i === tokens.length - 1 ? "" : " ");
    });
  }
}

/** Connectionist temporal classification: repeated tokens count once, the pad token not at all. */
export class CTC implements Decoder {
  readonly type = "CTC";
  readonly padToken: string;
  readonly wordDelimiterToken: string;
  readonly cleanup: boolean;

  constructor(options: { padToken?: string; wordDelimiterToken?: string; cleanup?: boolean } = {}) {
    this.padToken = options.padToken ?? "<pad>";
    this.wordDelimiterToken = options.wordDelimiterToken ?? "|";
    this.cleanup = options.cleanup ?? true;
  }

  decodeChain(tokens: readonly string[]): string[] {
    return tokens
      .filter((token, i) => i === 0 || token !== tokens[i - 1])
      .map((token) => {
        const text = this.padToken === "" ? token : token.replaceAll(this.padToken, "");
        if (!this.cleanup) return text;
        const clean = cleanUp(text);
        return this.wordDelimiterToken === ""
          ? clean
          : clean.replaceAll(this.wordDelimiterToken, " ");
      })
      .filter((token) => token !== "");
  }
}

/** "▁" becomes a space; in the first token nothing when one was put before the text. */
export class MetaspaceDecoder implements Decoder {
  readonly type = "Metaspace";
  readonly replacement: string;
  readonly prependScheme: "always" | "never" | "first";
  readonly split: boolean;

  constructor(
    options: {
      replacement?: string;
      prependScheme?: "always" | "never" | "first";
      split?: boolean;
    } = {},
  ) {
    this.replacement = options.replacement ?? "▁";
    this.prependScheme = options.prependScheme ?? "always";
    this.split = options.split ?? true;
  }

  decodeChain(tokens: readonly string[]): string[] {
    return tokens.map((token, i) => {
      const first = i === 0 && this.prependScheme !== "never";
      return token.replaceAll(this.replacement, first ? "" : " ");
    });
  }
}

/** Several decoders one after the other. */
export class DecoderSequence implements Decoder {
  readonly type = "Sequence";
  readonly stages: readonly Decoder[];

  constructor(stages: readonly Decoder[]) {
    this.stages = stages;
  }

  decodeChain(tokens: readonly string[]): string[] {
    return this.stages.reduce<string[]>(
      (current, stage) => stage.decodeChain(current),
      [...tokens],
    );
  }
}
