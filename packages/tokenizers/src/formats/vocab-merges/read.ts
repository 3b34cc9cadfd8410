/**
 * The older files of the field: a vocabulary as JSON (`vocab.json`, `encoder.json`) with a list of merges
 * (`merges.txt`, `vocab.bpe`), and BERT's `vocab.txt`. They do not say how text is cut; that follows from
 * their content, or from an option.
 */
import { FormatError, SeqError } from "@seq/core";
import type { AddedToken } from "../../added-tokens.ts";
import { BPEDecoder, ByteLevelDecoder, WordPieceDecoder } from "../../decoders/decoders.ts";
import { BPE } from "../../models/bpe/model.ts";
import { WordPiece } from "../../models/wordpiece/model.ts";
import { BertNormalizer } from "../../normalizers/bert.ts";
import { bertTemplate } from "../../post-processors/template.ts";
import { ByteLevel } from "../../pre-tokenizers/byte-level.ts";
import { BertPreTokenizer } from "../../pre-tokenizers/characters.ts";
import { Tokenizer } from "../../tokenizer.ts";
import { Vocabulary } from "../../vocabulary.ts";
import { asObject, parseJson, tokensById } from "../json.ts";

export interface VocabMergesOptions {
  /** `"gpt2"` byte-level, `"gpt"` lower-cased words with `</w>`; default: by the content. */
  readonly preset?: "gpt2" | "gpt" | undefined;
  readonly addPrefixSpace?: boolean | undefined;
}

/**
 * Reads `vocab.json` + `merges.txt` (or `encoder.json` + `vocab.bpe`).
 *
 * @throws {FormatError} naming file and line or key.
 */
export function readVocabMerges(
  vocabText: string,
  mergesText: string,
  { vocabName = "vocab.json", mergesName = "merges.txt" } = {},
  options: VocabMergesOptions = {},
): Tokenizer {
  const tokens = tokensById(asObject(parseJson(vocabText, vocabName), vocabName), vocabName);
  const merges = readMerges(mergesText, mergesName);
  const words = tokens.some((token) => token?.endsWith("</w>"));
  const preset = options.preset ?? (words ? "gpt" : "gpt2");
  return asFormatError(mergesName, () =>
    preset === "gpt" ? gpt(tokens, merges) : gpt2(tokens, merges, options.addPrefixSpace ?? false),
  );
}

function gpt2(
  tokens: readonly (string | undefined)[],
  merges: readonly (readonly [string, string])[],
  addPrefixSpace: boolean,
): Tokenizer {
  const vocab = Vocabulary.of(tokens, { byteLevel: true });
  const end = vocab.idOf("<|endoftext|>");
  return new Tokenizer({
    model: new BPE({ vocab, merges }),
    preTokenizer: new ByteLevel({ addPrefixSpace }),
    decoder: new ByteLevelDecoder(),
    addedTokens: end === undefined ? [] : [special("<|endoftext|>", end)],
    specialTokensInText: "text",
  });
}

/** GPT-1's, as Hugging Face builds it (the original cleans text with spaCy and ftfy first). */
function gpt(
  tokens: readonly (string | undefined)[],
  merges: readonly (readonly [string, string])[],
): Tokenizer {
  const vocab = Vocabulary.of(tokens);
  const unknownToken = vocab.idOf("<unk>") === undefined ? undefined : "<unk>";
  return new Tokenizer({
    normalizer: new BertNormalizer(),
    preTokenizer: new BertPreTokenizer(),
    model: new BPE({ vocab, merges, unknownToken, endOfWordSuffix: "</w>" }),
    decoder: new BPEDecoder(),
    specialTokensInText: "text",
  });
}

/** Lines of two tokens; the first may be a `#version`. */
export function readMerges(text: string, where: string): [string, string][] {
  const merges: [string, string][] = [];
  text.split("\n").forEach((raw, i) => {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line === "" || (i === 0 && line.startsWith("#version"))) return;
    const space = line.indexOf(" ");
    if (space <= 0 || space === line.length - 1 || line.indexOf(" ", space + 1) >= 0) {
      throw new FormatError(
        `${where}: line ${i + 1}: expected two tokens separated by a space, found ${JSON.stringify(line.slice(0, 60))}.`,
        { code: "MERGES", details: { line: i + 1 } },
      );
    }
    merges.push([line.slice(0, space), line.slice(space + 1)]);
  });
  return merges;
}

export interface VocabTextOptions {
  /** Lower-case and strip accents; default: when no token has a letter of A-Z. */
  readonly lowercase?: boolean | undefined;
  readonly stripAccents?: boolean | undefined;
  readonly handleChineseCharacters?: boolean | undefined;
}

/**
 * Reads BERT's `vocab.txt`: a token a line, the line number its id.
 *
 * @throws {FormatError} `VOCAB_TEXT` on a token given twice, or without `[UNK]`.
 */
export function readVocabText(
  text: string,
  where = "vocab.txt",
  options: VocabTextOptions = {},
): Tokenizer {
  const tokens = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  if (tokens[tokens.length - 1] === "") tokens.pop();
  const vocab = asFormatError(where, () => Vocabulary.of(tokens, { where }));
  const unknown = vocab.idOf("[UNK]");
  if (unknown === undefined) {
    throw new FormatError(
      `${where}: none of the ${tokens.length} lines is [UNK], expected BERT's vocabulary.`,
      {
        code: "VOCAB_TEXT",
      },
    );
  }
  const cased = tokens.some((token) => /[A-Z]/.test(token) && !/^\[.*\]$/.test(token));
  const cls = vocab.idOf("[CLS]");
  const sep = vocab.idOf("[SEP]");
  return new Tokenizer({
    normalizer: new BertNormalizer({
      lowercase: options.lowercase ?? !cased,
      stripAccents: options.stripAccents,
      handleChineseCharacters: options.handleChineseCharacters,
    }),
    preTokenizer: new BertPreTokenizer(),
    model: new WordPiece({ vocab }),
    postProcessor:
      cls === undefined || sep === undefined
        ? undefined
        : bertTemplate(["[CLS]", cls], ["[SEP]", sep]),
    decoder: new WordPieceDecoder(),
    addedTokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].flatMap((token) => {
      const id = vocab.idOf(token);
      return id === undefined ? [] : [special(token, id)];
    }),
  });
}

function special(content: string, id: number): AddedToken {
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

/** What contradicts itself is the file's fault. */
function asFormatError<T>(where: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof FormatError || !SeqError.is(error)) throw error;
    throw new FormatError(`${where}: ${error.message}`, {
      code: "TOKENIZER_FILE",
      details: error.details,
      cause: error,
    });
  }
}
