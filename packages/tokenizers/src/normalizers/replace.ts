import { type AlignedText, Rewriter } from "../aligned-text.ts";
import type { Decoder, Normalizer } from "../stages.types.ts";

export interface ReplaceOptions {
  /** A string, or a regular expression with the flag `g`. */
  readonly pattern: string | RegExp;
  readonly content: string;
  /** The regular expression as a file wrote it, in another dialect. */
  readonly source?: string | undefined;
}

/** Replaces every match; `content` is taken literally. Also a decoder, on every token. */
export class Replace implements Normalizer, Decoder {
  readonly type = "Replace";
  readonly pattern: string | RegExp;
  readonly content: string;
  readonly source: string | undefined;

  constructor({ pattern, content, source }: ReplaceOptions) {
    this.pattern = pattern;
    this.content = content;
    this.source = source;
  }

  normalize(text: string): string {
    if (this.pattern === "") return text;
    return text.replaceAll(this.pattern, () => this.content);
  }

  /** What is written stands for the last character of the match (Hugging Face's rule). */
  align(from: AlignedText): AlignedText {
    const { text } = from;
    if (this.pattern === "") return from;
    let writer: Rewriter | undefined;
    let copied = 0;
    text.replaceAll(this.pattern, (match, ...rest) => {
      const at = rest.find((value) => typeof value === "number") as number;
      const end = at + match.length;
      writer ??= new Rewriter(from);
      writer.copy(copied, at);
      const low = match.length > 1 && (text.charCodeAt(end - 1) & 0xfc00) === 0xdc00;
      writer.write(this.content, Math.max(at, end - (low ? 2 : 1)), end);
      copied = end;
      return "";
    });
    if (writer === undefined) return from;
    writer.copy(copied, text.length);
    return writer.finish();
  }

  decodeChain(tokens: readonly string[]): string[] {
    return tokens.map((token) => this.normalize(token));
  }
}
