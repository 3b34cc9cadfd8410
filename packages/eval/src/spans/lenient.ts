/**
 * Spans of any tag sequence, broken ones too, by the rules of conlleval (Tjong Kim Sang) as seqeval 1.2.2
 * extends them to E and S: a span ends where the tag or the type says so, and an `I-` without a begin
 * begins one. Other prefixes (U, L) split spans only where the type changes: read BILOU strictly. One known
 * difference: with bare `U` and `L` tags seqeval lets a span begin in an earlier sentence; ours never does.
 */
import { parseTag, type Span, type Tag } from "./tags.ts";

const outside: Tag = { prefix: "O", type: "_" };

/** @example lenientSpans(["I-PER", "I-PER", "O", "B-LOC"]) // PER 0..2, LOC 3..4 */
export function lenientSpans(tags: readonly string[], suffix = false): Span[] {
  const spans: Span[] = [];
  let previous = outside;
  let start = 0;
  for (let i = 0; i <= tags.length; i++) {
    const tag = i < tags.length ? parseTag(tags[i] as string, suffix) : outside;
    if (endsBefore(previous, tag)) spans.push({ type: previous.type, start, end: i });
    if (startsAt(previous, tag)) start = i;
    previous = tag;
  }
  return spans;
}

function endsBefore(previous: Tag, { prefix, type }: Tag): boolean {
  if (previous.prefix === "E" || previous.prefix === "S") return true;
  if (previous.prefix === "B" || previous.prefix === "I") {
    if (prefix === "B" || prefix === "S" || prefix === "O") return true;
  }
  return isInside(previous.prefix) && previous.type !== type;
}

function startsAt(previous: Tag, { prefix, type }: Tag): boolean {
  if (prefix === "B" || prefix === "S") return true;
  const afterEnd = previous.prefix === "E" || previous.prefix === "S" || previous.prefix === "O";
  if (afterEnd && (prefix === "E" || prefix === "I")) return true;
  return isInside(prefix) && previous.type !== type;
}

function isInside(prefix: string): boolean {
  return prefix !== "O" && prefix !== ".";
}
