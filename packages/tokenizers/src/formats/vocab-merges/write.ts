import { FormatError } from "@seq/core";
import { BPE } from "../../models/bpe/model.ts";
import { WordPiece } from "../../models/wordpiece/model.ts";
import type { Tokenizer } from "../../tokenizer.ts";

/**
 * `vocab.json` and `merges.txt` of a BPE model, as Hugging Face and fairseq read them.
 *
 * @throws {FormatError} `NOT_WRITABLE` when the model has no list of merges.
 */
export function writeVocabMerges(tokenizer: Tokenizer): { vocab: string; merges: string } {
  const { model } = tokenizer.parts;
  if (!(model instanceof BPE) || !model.hasMerges) {
    throw new FormatError(
      "writeVocabMerges: the model has no list of merges, expected a BPE with one.",
      {
        code: "NOT_WRITABLE",
      },
    );
  }
  const entries = [...model.vocab.entries()].map(([id, token]) => `${JSON.stringify(token)}:${id}`);
  const lines = [...model.merges()].map(([left, right]) => `${left} ${right}\n`);
  return { vocab: `{${entries.join(",")}}`, merges: `#version: 0.2\n${lines.join("")}` };
}

/**
 * BERT's `vocab.txt` of a WordPiece model.
 *
 * @throws {FormatError} `NOT_WRITABLE` when an id has no token or a token holds a line break.
 */
export function writeVocabText(tokenizer: Tokenizer): string {
  const { model } = tokenizer.parts;
  if (!(model instanceof WordPiece)) {
    throw new FormatError("writeVocabText: the model is no WordPiece, expected one.", {
      code: "NOT_WRITABLE",
    });
  }
  const lines: string[] = [];
  for (let id = 0; id < model.vocab.size; id++) {
    const token = model.vocab.tokenOf(id);
    if (token === undefined || /[\r\n]/.test(token)) {
      throw new FormatError(
        `writeVocabText: id ${id} is ${JSON.stringify(token ?? null)}, expected a token without line breaks.`,
        { code: "NOT_WRITABLE", details: { id } },
      );
    }
    lines.push(`${token}\n`);
  }
  return lines.join("");
}
