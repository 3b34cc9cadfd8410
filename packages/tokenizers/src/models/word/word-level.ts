/** Whole words: a word is a token or unknown. */
import { checkOptions, OptionError, VocabularyError } from "@seq/core";
import type { Model } from "../../stages.types.ts";
import type { TokenBuffer } from "../../token-buffer.ts";
import { Vocabulary } from "../../vocabulary.ts";

export interface WordLevelOptions {
  readonly vocab: Vocabulary | readonly (string | undefined)[];
  /** Without it an unknown word is an error. */
  readonly unknownToken?: string | undefined;
}

export class WordLevel implements Model {
  readonly type = "WordLevel";
  readonly vocab: Vocabulary;
  readonly unknownId: number | undefined;
  readonly unknownToken: string | undefined;

  constructor(options: WordLevelOptions) {
    checkOptions("WordLevel", options, ["vocab", "unknownToken"]);
    const { vocab, unknownToken } = options;
    this.vocab = vocab instanceof Vocabulary ? vocab : Vocabulary.of(vocab, { where: "WordLevel" });
    this.unknownToken = unknownToken;
    this.unknownId = unknownToken === undefined ? undefined : this.vocab.idOf(unknownToken);
  }

  /** @throws {VocabularyError} `UNKNOWN_TOKEN` for an unknown word when there is no unknown token. */
  tokenize(bytes: Uint8Array, begin: number, end: number, out: TokenBuffer): void {
    const id = this.vocab.find(bytes, begin, end);
    if (id < 0 && this.unknownId === undefined)
      throw missingUnknown("WordLevel", this.unknownToken);
    out.push(id < 0 ? (this.unknownId as number) : id, 0, end - begin);
  }
}

export interface CharacterLevelOptions extends WordLevelOptions {
  /** One unknown token for a run of unknown characters. Default false. */
  readonly fuseUnknown?: boolean | undefined;
}

/** Single characters (code points): the smallest vocabulary, the longest sequences. */
export class CharacterLevel implements Model {
  readonly type = "CharacterLevel";
  readonly vocab: Vocabulary;
  readonly unknownId: number | undefined;
  readonly unknownToken: string | undefined;
  readonly fuseUnknown: boolean;

  constructor(options: CharacterLevelOptions) {
    checkOptions("CharacterLevel", options, ["vocab", "unknownToken", "fuseUnknown"]);
    const { vocab, unknownToken } = options;
    this.vocab =
      vocab instanceof Vocabulary ? vocab : Vocabulary.of(vocab, { where: "CharacterLevel" });
    this.unknownToken = unknownToken;
    this.fuseUnknown = options.fuseUnknown ?? false;
    if (unknownToken !== undefined && this.vocab.idOf(unknownToken) === undefined) {
      throw new OptionError(
        `CharacterLevel: unknownToken is ${JSON.stringify(unknownToken)}, which is not in the vocabulary.`,
        { code: "OPTION_RANGE", details: { option: "unknownToken", value: unknownToken } },
      );
    }
    this.unknownId = unknownToken === undefined ? undefined : this.vocab.idOf(unknownToken);
  }

  /** @throws {VocabularyError} `UNKNOWN_TOKEN` for an unknown character when there is no unknown token. */
  tokenize(bytes: Uint8Array, begin: number, end: number, out: TokenBuffer): void {
    let afterUnknown = false;
    for (let at = begin; at < end; ) {
      let to = at + 1;
      while (to < end && ((bytes[to] as number) & 0xc0) === 0x80) to++;
      const id = this.vocab.find(bytes, at, to);
      if (id < 0) {
        if (this.unknownId === undefined) throw missingUnknown("CharacterLevel", this.unknownToken);
        if (this.fuseUnknown && afterUnknown) out.spans[2 * out.length - 1] = to - begin;
        else out.push(this.unknownId, at - begin, to - begin);
      } else {
        out.push(id, at - begin, to - begin);
      }
      afterUnknown = id < 0;
      at = to;
    }
  }
}

function missingUnknown(where: string, token: string | undefined): VocabularyError {
  const reason =
    token === undefined ? "no unknown token is set" : `${JSON.stringify(token)} is not a token`;
  return new VocabularyError(`${where}: the text has an unknown word and ${reason}.`, {
    code: "UNKNOWN_TOKEN",
  });
}
