import { FormatError } from "@seq/core";
import type { Tokenizer } from "../../tokenizer.ts";
import { type SentencePieceModel, writeModelProto } from "./model-proto.ts";

/**
 * A tokenizer that was read from (or trained as) a SentencePiece model as the bytes of a `.model` file.
 * Other pipelines do not fit the format: its normalizer and its way with spaces are part of it.
 *
 * @throws {FormatError} `NOT_WRITABLE`
 */
export function writeSentencePiece(tokenizer: Tokenizer): Uint8Array {
  const { source } = tokenizer.parts;
  if (source?.format !== "sentencepiece") {
    throw new FormatError(
      "writeSentencePiece: the tokenizer is no SentencePiece model, expected one that was read or made as such (sentencePieceTokenizer).",
      { code: "NOT_WRITABLE" },
    );
  }
  return writeModelProto(source.proto as SentencePieceModel);
}
