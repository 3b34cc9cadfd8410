/**
 * Spans that keep to a scheme, as seqeval 1.2.2's strict mode: what breaks the scheme is no span.
 *
 * A scheme is three lists of transitions between neighbouring tags: where a span starts, where it goes on,
 * where the one before has ended. IOE1 lacks some, as in the reference (its own tests say so): single-word
 * spans marked E are not found.
 *
 * @see Ramshaw & Marcus 1995 (IOB1); Tjong Kim Sang & Veenstra 1999 (IOB2, IOE1, IOE2); Ratinov & Roth 2009 (BILOU).
 */
import { checkOneOf, FormatError } from "@seq/core";
import { parseStrictTag, type Span, type Tag } from "./tags.ts";

export type TagScheme = "IOB1" | "IOB2" | "IOE1" | "IOE2" | "IOBES" | "BILOU";

export const tagSchemes = ["IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU"] as const;

interface Rules {
  readonly prefixes: string;
  /** "II!" : an I after an I of another type; "=": of the same type; nothing: of any. "*" is any prefix. */
  readonly start: readonly string[];
  readonly inside: readonly string[];
  readonly end: readonly string[];
}

const rules: Readonly<Record<TagScheme, Rules>> = {
  IOB1: {
    prefixes: "IOB",
    start: ["OI", "II!", "BI", "IB=", "BB="],
    inside: ["BI=", "II="],
    end: ["II!", "IO", "IB", "BO", "BI!", "BB="],
  },
  IOB2: {
    prefixes: "IOB",
    start: ["*B"],
    inside: ["BI=", "II="],
    end: ["IO", "II!", "IB", "BO", "BI!", "BB"],
  },
  IOE1: {
    prefixes: "IOE",
    start: ["OI", "II!", "EI", "EE="],
    inside: ["II=", "IE="],
    end: ["II!", "IO", "IE!", "EI=", "EE="],
  },
  IOE2: {
    prefixes: "IOE",
    start: ["OI", "OE", "EI", "EE", "II!", "IE!"],
    inside: ["IE=", "II="],
    end: ["E*"],
  },
  IOBES: {
    prefixes: "IOBES",
    start: ["*B", "*S"],
    inside: ["BI=", "BE=", "II=", "IE="],
    end: ["S*", "E*"],
  },
  BILOU: {
    prefixes: "BILOU",
    start: ["*B", "*U"],
    inside: ["BI=", "BL=", "II=", "IL="],
    end: ["U*", "L*"],
  },
};

const outside: Tag = { prefix: "O", type: "_" };

/**
 * @throws {FormatError} `TAG_SCHEME` for a tag whose prefix the scheme does not have, naming tag and place.
 * @example strictSpans(["B-PER", "I-PER", "O", "I-LOC"], "IOB2") // PER 0..2 only
 */
export function strictSpans(tags: readonly string[], scheme: TagScheme, suffix = false): Span[] {
  checkOneOf("strictSpans", "scheme", scheme, tagSchemes);
  const { start, inside, end } = rules[scheme];
  const parsed = tags.map((tag, i) => parseInScheme(tag, i, scheme, suffix));
  parsed.push(outside);
  const spans: Span[] = [];
  let previous = outside;
  let i = 0;
  while (i < parsed.length) {
    const tag = parsed[i] as Tag;
    if (!matches(start, previous, tag)) {
      previous = tag;
      i++;
      continue;
    }
    let stop = i + 1;
    let last = tag;
    while (stop < parsed.length && matches(inside, last, parsed[stop] as Tag)) {
      last = parsed[stop] as Tag;
      stop++;
    }
    if (matches(end, last, parsed[stop] as Tag))
      spans.push({ type: tag.type, start: i, end: stop });
    previous = last;
    i = stop;
  }
  return spans;
}

function parseInScheme(tag: string, index: number, scheme: TagScheme, suffix: boolean): Tag {
  const parsed = parseStrictTag(tag, suffix);
  const { prefixes } = rules[scheme];
  if (!prefixes.includes(parsed.prefix)) {
    throw new FormatError(
      `tag ${index + 1} is "${tag}", which ${scheme} does not have; its prefixes are ${Array.from(prefixes).join(" ")}.`,
      { code: "TAG_SCHEME", details: { tag, position: index + 1, scheme } },
    );
  }
  return parsed;
}

function matches(transitions: readonly string[], previous: Tag, tag: Tag): boolean {
  return transitions.some(
    ([from, to, condition]) =>
      (from === "*" || from === previous.prefix) &&
      (to === "*" || to === tag.prefix) &&
      (condition === undefined || (condition === "=") === (previous.type === tag.type)),
  );
}

/**
 * The scheme that the prefixes of these sequences point to: IOB2, IOE2, IOBES or BILOU.
 *
 * @throws {FormatError} `TAG_SCHEME` when none fits, as for I and O alone, which are IOB1 or IOE1.
 */
export function detectScheme(sequences: Iterable<readonly string[]>, suffix = false): TagScheme {
  const seen = new Set<string>();
  for (const tags of sequences) {
    for (const tag of tags) seen.add(parseStrictTag(tag, suffix).prefix);
  }
  const found = Array.from(seen).sort().join("");
  const typed = found.replace("O", "");
  for (const [scheme, sets] of Object.entries(telling) as [TagScheme, readonly string[]][]) {
    // A single prefix other than S or U may come with O or alone; S and U must come alone.
    if (sets.includes(typed) && !(found !== typed && (typed === "S" || typed === "U")))
      return scheme;
  }
  throw new FormatError(
    `detectScheme: tags with the prefixes ${Array.from(seen).join(" ") || "(none)"} are of no scheme that can be told; name one of ${tagSchemes.join(", ")}.`,
    { code: "TAG_SCHEME", details: { prefixes: Array.from(seen) } },
  );
}

/** Sorted prefixes other than O that tell a scheme. */
const telling = {
  IOB2: ["BI", "B"],
  IOE2: ["EI", "E"],
  IOBES: ["BEIS", "BEI", "BES", "BE", "S"],
  BILOU: ["BILU", "BIL", "BLU", "BL", "U"],
} as const;
