/**
 * tiktoken's rank files: a token in base64, a space, its rank, a line each. Ranks are ids, and the order
 * in which tokens were learned.
 */
import { FormatError, OptionError } from "@seq/core";
import type { AddedToken } from "../../added-tokens.ts";
import { ByteLevelDecoder } from "../../decoders/decoders.ts";
import { BPE } from "../../models/bpe/model.ts";
import { ByteLevel } from "../../pre-tokenizers/byte-level.ts";
import type { GptPattern } from "../../pre-tokenizers/gpt-scanner.ts";
import { GptSplit } from "../../pre-tokenizers/gpt-split.ts";
import { PreTokenizerSequence } from "../../pre-tokenizers/sequence.ts";
import type { PreTokenizer } from "../../stages.types.ts";
import { Tokenizer } from "../../tokenizer.ts";
import {
  isTiktokenPreset,
  recogniseTiktoken,
  type TiktokenPresetName,
  tiktokenPreset,
} from "./presets.ts";
import { readCountedRanks } from "./ranks.ts";

export interface TiktokenOptions {
  /** Name of a known encoding; default: recognised by the file's name and size. */
  readonly preset?: TiktokenPresetName | undefined;
  /** For other encodings: how text is cut into words. */
  readonly pattern?: GptPattern | PreTokenizer | undefined;
  readonly specialTokens?: Readonly<Record<string, number>> | undefined;
}

/**
 * Reads a rank file. Special tokens in a text are text (tiktoken's `encode_ordinary`) unless asked for.
 *
 * @param where - the file's name: it names the encoding, and the place in messages.
 * @throws {FormatError} `TIKTOKEN` naming the line, or when the encoding is not known and no option says.
 * @example readTiktoken(readFileSync("cl100k_base.tiktoken"), "cl100k_base.tiktoken")
 */
export function readTiktoken(
  file: Uint8Array,
  where = "tiktoken",
  options: TiktokenOptions = {},
): Tokenizer {
  const { vocab, count } = readCountedRanks(file, where);
  if (options.preset !== undefined && !isTiktokenPreset(options.preset)) {
    throw new OptionError(
      `${where}: preset is "${options.preset}", expected the name of an encoding.`,
      {
        code: "OPTION_RANGE",
        details: { option: "preset", value: options.preset },
      },
    );
  }
  const name = options.preset ?? (options.pattern ? undefined : recogniseTiktoken(where, count));
  const preset = name === undefined ? undefined : tiktokenPreset(name);
  const pattern = options.pattern ?? preset?.pattern;
  if (pattern === undefined) {
    throw new FormatError(
      `${where}: ${count} ranks are of no known encoding; give the option preset, or pattern and specialTokens.`,
      { code: "TIKTOKEN" },
    );
  }
  const split = "preTokenize" in pattern ? pattern : new GptSplit(pattern);
  return new Tokenizer({
    model: new BPE({ vocab }),
    preTokenizer: new PreTokenizerSequence([split, new ByteLevel({ useRegex: false })]),
    decoder: new ByteLevelDecoder(),
    addedTokens: Object.entries(options.specialTokens ?? preset?.specialTokens ?? {}).map(special),
    specialTokensInText: "text",
  });
}

function special([content, id]: [string, number]): AddedToken {
  return {
    id,
    content,
    special: true,
    singleWord: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  };
}
