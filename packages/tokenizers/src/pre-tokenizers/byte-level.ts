/**
 * GPT-2's pre-tokenizer: the GPT-2 pattern, then every word as bytes, shown in the byte alphabet. The
 * model has a byte-level vocabulary.
 */
import { Rewriter } from "../aligned-text.ts";
import { BoundsBuilder, Pieces } from "../pieces.ts";
import type { PreTokenizer, WordScanner } from "../stages.types.ts";
import { byteToChar } from "../text/byte-alphabet.ts";
import { writeUtf8 } from "../text/utf8.ts";
import { gpt2Pattern } from "./gpt-patterns.ts";
import { GptScanner } from "./gpt-scanner.ts";
import { scanPieces } from "./scan-pieces.ts";

export interface ByteLevelOptions {
  /** A space before a text that does not begin with one. Default false. */
  readonly addPrefixSpace?: boolean | undefined;
  /** Split by the GPT-2 pattern; false when another stage has split already. Default true. */
  readonly useRegex?: boolean | undefined;
  /** Kept for files; the post-processor of the same name trims. Default true. */
  readonly trimOffsets?: boolean | undefined;
}

export class ByteLevel implements PreTokenizer {
  readonly type = "ByteLevel";
  readonly byteLevel = true;
  readonly addPrefixSpace: boolean;
  readonly useRegex: boolean;
  readonly trimOffsets: boolean;
  readonly scanner: WordScanner | undefined;
  /** Leaves the text in the pieces it came in. */
  readonly keepsPieces: boolean;
  readonly #scanner: GptScanner | undefined;

  constructor({
    addPrefixSpace = false,
    useRegex = true,
    trimOffsets = true,
  }: ByteLevelOptions = {}) {
    this.addPrefixSpace = addPrefixSpace;
    this.useRegex = useRegex;
    this.trimOffsets = trimOffsets;
    if (useRegex) this.#scanner = new GptScanner(gpt2Pattern);
    this.scanner = addPrefixSpace ? undefined : this.#scanner;
    this.keepsPieces = !useRegex && !addPrefixSpace;
  }

  preTokenize(pieces: Pieces): Pieces {
    const spaced = this.addPrefixSpace ? withPrefixSpace(pieces) : pieces;
    return toByteAlphabet(this.#scanner === undefined ? spaced : scanPieces(spaced, this.#scanner));
  }
}

function withPrefixSpace(pieces: Pieces): Pieces {
  const writer = new Rewriter(pieces.source);
  const bounds = new BoundsBuilder();
  const text = pieces.source.text;
  for (let i = 0; i < pieces.bounds.length; i += 2) {
    const begin = pieces.bounds[i] as number;
    const end = pieces.bounds[i + 1] as number;
    const at = writer.length;
    if (text.charCodeAt(begin) !== 0x20) {
      const width = (text.codePointAt(begin) as number) > 0xffff ? 2 : 1;
      writer.write(" ", begin, begin + width);
    }
    writer.copy(begin, end);
    bounds.add(at, writer.length);
  }
  return new Pieces(writer.finish(), bounds.finish(), pieces.byteLevel, pieces.continues);
}

/** Writes every piece in the byte alphabet; each character of it stands for its whole source character. */
export function toByteAlphabet(pieces: Pieces): Pieces {
  if (pieces.byteLevel) return pieces;
  const writer = new Rewriter(pieces.source);
  const bounds = new BoundsBuilder();
  const text = pieces.source.text;
  const bytes = new Uint8Array(8);
  for (let i = 0; i < pieces.bounds.length; i += 2) {
    const end = pieces.bounds[i + 1] as number;
    const at = writer.length;
    for (let c = pieces.bounds[i] as number; c < end; ) {
      const codePoint = text.codePointAt(c) as number;
      const width = codePoint > 0xffff ? 2 : 1;
      if (codePoint < 0x80) {
        writer.write(byteToChar(codePoint), c, c + 1);
      } else {
        const length = writeUtf8(text.slice(c, c + width), bytes, 0);
        let mapped = "";
        for (let b = 0; b < length; b++) mapped += byteToChar(bytes[b] as number);
        writer.write(mapped, c, c + width);
      }
      c += width;
    }
    bounds.add(at, writer.length);
  }
  return new Pieces(writer.finish(), bounds.finish(), true, pieces.continues);
}
