/** Post-processors: which special tokens stand where around one text or a pair. */
import type { PostProcessor, TemplateItem } from "../stages.types.ts";

export interface TemplateOptions {
  readonly single: readonly TemplateItem[];
  readonly pair: readonly TemplateItem[];
  readonly trimOffsets?: { readonly addPrefixSpace: boolean } | undefined;
}

/** A template for one text and one for a pair: `[CLS] A [SEP]`, `[CLS] A [SEP] B [SEP]`. */
export class TemplateProcessing implements PostProcessor {
  readonly type = "TemplateProcessing";
  readonly single: readonly TemplateItem[];
  readonly pair: readonly TemplateItem[];
  readonly trimOffsets: { readonly addPrefixSpace: boolean } | undefined;

  constructor({ single, pair, trimOffsets }: TemplateOptions) {
    this.single = single;
    this.pair = pair;
    this.trimOffsets = trimOffsets;
  }
}

type Special = readonly [token: string, id: number];

const text = (sequence: 0 | 1, typeId: number): TemplateItem => ({
  kind: "sequence",
  sequence,
  typeId,
});
const special = ([token, id]: Special, typeId = 0): TemplateItem => ({
  kind: "token",
  token,
  id,
  typeId,
});

/** BERT's: `[CLS] A [SEP]`, the second text of a pair with type 1. */
export function bertTemplate(cls: Special, sep: Special): TemplateProcessing {
  const single = [special(cls), text(0, 0), special(sep)];
  return new TemplateProcessing({ single, pair: [...single, text(1, 1), special(sep, 1)] });
}

/** RoBERTa's: `<s> A </s>` and `<s> A </s> </s> B </s>`, all of type 0. */
export function robertaTemplate(
  cls: Special,
  sep: Special,
  trimOffsets?: { readonly addPrefixSpace: boolean },
): TemplateProcessing {
  const single = [special(cls), text(0, 0), special(sep)];
  const pair = [...single, special(sep), text(1, 0), special(sep)];
  return new TemplateProcessing({ single, pair, trimOffsets });
}

/** No special tokens; only byte-level offsets are trimmed. */
export function plainTemplate(trimOffsets?: {
  readonly addPrefixSpace: boolean;
}): TemplateProcessing {
  // Without a template the reference tool leaves both texts of a pair at the types 0 and 1.
  return new TemplateProcessing({
    single: [text(0, 0)],
    pair: [text(0, 0), text(1, 1)],
    trimOffsets,
  });
}
