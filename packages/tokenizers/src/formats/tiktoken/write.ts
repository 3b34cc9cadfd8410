import { FormatError } from "@seq/core";
import { BPE } from "../../models/bpe/model.ts";
import { encodeBase64 } from "../../text/base64.ts";
import { encodeUtf8 } from "../../text/utf8.ts";
import type { Tokenizer } from "../../tokenizer.ts";

/**
 * A tokenizer's tokens as a `.tiktoken` rank file. Pattern and special tokens are not part of the format.
 *
 * @throws {FormatError} when the model is no byte-level BPE, or when its merges are not in the order of
 * the ids: then the format cannot hold it.
 */
export function writeTiktoken(tokenizer: Tokenizer): Uint8Array {
  const { model } = tokenizer.parts;
  if (!(model instanceof BPE) || !model.vocab.byteLevel) {
    throw new FormatError("writeTiktoken: the model is no byte-level BPE, expected one.", {
      code: "NOT_WRITABLE",
    });
  }
  let last = -1;
  for (const [left, right] of model.merges()) {
    const result = model.vocab.idOf(left + right) as number;
    if (result < last) {
      throw new FormatError(
        `writeTiktoken: the merge to id ${result} comes after the one to id ${last}; ranks cannot say so.`,
        { code: "NOT_WRITABLE", details: { result, last } },
      );
    }
    last = result;
  }
  const lines: string[] = [];
  for (let id = 0; id < model.vocab.size; id++) {
    const bytes = model.vocab.bytesOf(id);
    const added = tokenizer.addedTokens.byId(id);
    if (bytes !== undefined && bytes.length > 0 && added === undefined) {
      lines.push(`${encodeBase64(bytes)} ${id}\n`);
    }
  }
  return encodeUtf8(lines.join(""));
}
