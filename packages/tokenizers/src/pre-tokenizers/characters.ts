/** Pre-tokenizers that split at single characters: white space, punctuation, digits, a delimiter. */
import { BoundsBuilder, type Pieces } from "../pieces.ts";
import type { PreTokenizer } from "../stages.types.ts";
import { isNumeric, isPunctuation, isWhiteSpace } from "../text/character-tests.ts";
import { findCharacters, findMatches, type SplitBehavior, splitPieces } from "./split-behavior.ts";

/** Words and runs of symbols: `\w+|[^\w\s]+`; white space is dropped. */
export class Whitespace implements PreTokenizer {
  readonly type = "Whitespace";
  readonly #find = findMatches(
    /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+/gu,
  );

  preTokenize(pieces: Pieces): Pieces {
    const out = new BoundsBuilder();
    for (let i = 0; i < pieces.bounds.length; i += 2) {
      const end = pieces.bounds[i + 1] as number;
      const found = this.#find(pieces.source.text, pieces.bounds[i] as number, end);
      for (let k = 0; k < found.length; k += 2) out.add(found[k] as number, found[k + 1] as number);
    }
    return pieces.with(out.finish());
  }
}

/** Splits at white space and drops it. */
export class WhitespaceSplit implements PreTokenizer {
  readonly type = "WhitespaceSplit";
  readonly #find = findCharacters(isWhiteSpace);

  preTokenize(pieces: Pieces): Pieces {
    return splitPieces(pieces, "removed", this.#find);
  }
}

/** BERT's: white space is dropped, every punctuation character is a word. */
export class BertPreTokenizer implements PreTokenizer {
  readonly type = "BertPreTokenizer";

  preTokenize(pieces: Pieces): Pieces {
    const out = new BoundsBuilder();
    const text = pieces.source.text;
    for (let i = 0; i < pieces.bounds.length; i += 2) {
      const end = pieces.bounds[i + 1] as number;
      let from = pieces.bounds[i] as number;
      for (let at = from; at < end; ) {
        const codePoint = text.codePointAt(at) as number;
        const width = codePoint > 0xffff ? 2 : 1;
        const punctuation = isPunctuation(codePoint);
        if (punctuation || isWhiteSpace(codePoint)) {
          out.add(from, at);
          if (punctuation) out.add(at, at + width);
          from = at + width;
        }
        at += width;
      }
      out.add(from, end);
    }
    return pieces.with(out.finish());
  }
}

export class Punctuation implements PreTokenizer {
  readonly type = "Punctuation";
  readonly behavior: SplitBehavior;
  readonly #find = findCharacters(isPunctuation);

  constructor({ behavior = "isolated" }: { readonly behavior?: SplitBehavior | undefined } = {}) {
    this.behavior = behavior;
  }

  preTokenize(pieces: Pieces): Pieces {
    return splitPieces(pieces, this.behavior, this.#find);
  }
}

export class Digits implements PreTokenizer {
  readonly type = "Digits";
  /** Every digit is a word, else a run of digits is. */
  readonly individual: boolean;
  readonly #find = findCharacters(isNumeric);

  constructor({ individual = false }: { readonly individual?: boolean | undefined } = {}) {
    this.individual = individual;
  }

  preTokenize(pieces: Pieces): Pieces {
    return splitPieces(pieces, this.individual ? "isolated" : "contiguous", this.#find);
  }
}

/** Splits at one character and drops it. */
export class CharDelimiterSplit implements PreTokenizer {
  readonly type = "CharDelimiterSplit";
  readonly delimiter: string;

  constructor({ delimiter }: { readonly delimiter: string }) {
    this.delimiter = delimiter;
  }

  preTokenize(pieces: Pieces): Pieces {
    const wanted = this.delimiter.codePointAt(0);
    return splitPieces(
      pieces,
      "removed",
      findCharacters((codePoint) => codePoint === wanted),
    );
  }
}

/** Pieces of so many characters (code points). */
export class FixedLength implements PreTokenizer {
  readonly type = "FixedLength";
  readonly length: number;

  constructor({ length }: { readonly length: number }) {
    this.length = length;
  }

  preTokenize(pieces: Pieces): Pieces {
    const out = new BoundsBuilder();
    const text = pieces.source.text;
    for (let i = 0; i < pieces.bounds.length; i += 2) {
      const end = pieces.bounds[i + 1] as number;
      let from = pieces.bounds[i] as number;
      for (let at = from, count = 0; at < end; ) {
        at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
        if (++count === this.length || at >= end) {
          out.add(from, at);
          from = at;
          count = 0;
        }
      }
    }
    return pieces.with(out.finish());
  }
}
