/** Puts special tokens around encoded texts, as a post-processor's template says. */
import { joinEncodings, type MutableEncoding } from "../encoding.ts";
import type { PostProcessor, TemplateItem } from "../stages.types.ts";
import { trimOffsets } from "./byte-level.ts";

/** Number of tokens that a template adds. */
export function templateLength(template: readonly TemplateItem[]): number {
  return template.filter((item) => item.kind === "token").length;
}

/**
 * One encoding of one or two texts. Overflow windows get the same special tokens; with two texts that
 * both overflow every combination becomes a window, as in Hugging Face.
 */
export function applyTemplate(
  sequences: readonly MutableEncoding[],
  processor: PostProcessor | undefined,
  addSpecialTokens: boolean,
): MutableEncoding {
  if (processor?.trimOffsets !== undefined) {
    for (const sequence of sequences) {
      for (const e of [sequence, ...sequence.overflowing]) trimOffsets(e, processor.trimOffsets);
    }
  }
  const template = templateFor(processor, sequences.length, addSpecialTokens);
  const build = (chosen: readonly MutableEncoding[]): MutableEncoding =>
    joinEncodings(template.map((item) => part(item, chosen)));
  const joined = build(sequences);
  joined.overflowing = combinations(sequences).map(build);
  return joined;
}

function templateFor(
  processor: PostProcessor | undefined,
  count: number,
  addSpecialTokens: boolean,
): readonly TemplateItem[] {
  const template = count === 1 ? processor?.single : processor?.pair;
  if (template === undefined) {
    const items: TemplateItem[] = [{ kind: "sequence", sequence: 0, typeId: 0 }];
    if (count === 2) items.push({ kind: "sequence", sequence: 1, typeId: 1 });
    return items;
  }
  return addSpecialTokens ? template : template.filter((item) => item.kind === "sequence");
}

function part(item: TemplateItem, sequences: readonly MutableEncoding[]): MutableEncoding {
  if (item.kind === "sequence") {
    const sequence = sequences[item.sequence] as MutableEncoding;
    return { ...sequence, typeIds: sequence.typeIds.map(() => item.typeId) };
  }
  return {
    ids: [item.id],
    tokens: [item.token],
    offsets: [0, 0],
    typeIds: [item.typeId],
    wordIds: [-1],
    sequenceIds: [-1],
    specialTokensMask: [1],
    attentionMask: [1],
    overflowing: [],
  };
}

/** Which windows go together: all combinations but the main one, in Hugging Face's order. */
function combinations(sequences: readonly MutableEncoding[]): MutableEncoding[][] {
  const [first, second] = sequences as [MutableEncoding, MutableEncoding | undefined];
  if (second === undefined) return first.overflowing.map((window) => [window]);
  const found: MutableEncoding[][] = [];
  for (const window of first.overflowing) {
    found.push([window, second]);
    for (const other of second.overflowing) found.push([window, other]);
  }
  for (const other of second.overflowing) found.push([first, other]);
  return found;
}
