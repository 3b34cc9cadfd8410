/** A language model and its tokenizer as a handful of files. */
import { FormatError } from "@seq/core";
import {
  languageModelFromFiles,
  languageModelToFiles,
  NgramModel,
  type Precision,
} from "@seq/models";
import { readTokenizerJson, writeTokenizerJson } from "@seq/tokenizers";
import { encodeText, type Files, type ReadFile } from "../artifact/artifact-files.ts";
import { TextLanguageModel } from "./text-language-model.ts";

const tokenizerName = "tokenizer.json";

/** @param precision - of the weights on disk; n-gram models are always float32. */
export function textLanguageModelToFiles(
  { model, tokenizer }: TextLanguageModel,
  { precision = "float32" }: { readonly precision?: Precision } = {},
): Files {
  const files = new Map([[tokenizerName, encodeText(writeTokenizerJson(tokenizer))]]);
  return languageModelToFiles(model, { precision, files });
}

/**
 * `loadKernels()` must have run, but for n-gram models.
 *
 * @throws {FormatError} `TOKENIZER_MISMATCH` when the tokenizer is of another training, and for damaged files.
 */
export async function textLanguageModelFromFiles(
  read: ReadFile,
  where: string,
): Promise<TextLanguageModel> {
  const { model, readFile } = await languageModelFromFiles(read, where);
  try {
    const json = new TextDecoder().decode(await readFile(tokenizerName));
    const tokenizer = readTokenizerJson(json);
    if (tokenizer.vocabSize !== model.vocabSize) {
      throw new FormatError(
        `${where}: the tokenizer has ${tokenizer.vocabSize} ids, the model ${model.vocabSize}; they are not of one training.`,
        { code: "TOKENIZER_MISMATCH" },
      );
    }
    return new TextLanguageModel({ model, tokenizer });
  } catch (error) {
    if (!(model instanceof NgramModel)) model.dispose();
    throw error;
  }
}
