/** Tags such as `B-PER` (or `PER-B`) as a prefix and a type; `O` is outside of any span. */
import { FormatError } from "@seq/core";

export interface Tag {
  /** The first character (last, when tags end with it): `B`, `I`, `O`, `E`, `S`, `U`, `L`. */
  readonly prefix: string;
  /** `"_"` when the tag names none. */
  readonly type: string;
}

/**
 * As seqeval's lenient mode reads a tag: whatever stands behind the first hyphen is the type.
 *
 * @example parseTag("B-PER-X", false) // { prefix: "B", type: "PER-X" }
 * @throws {FormatError} `TAG` for an empty tag.
 */
export function parseTag(tag: string, suffix: boolean): Tag {
  const prefix = prefixOf(tag, suffix);
  if (suffix) {
    const rest = tag.slice(0, -prefix.length);
    const hyphen = rest.lastIndexOf("-");
    return { prefix, type: (hyphen >= 0 ? rest.slice(0, hyphen) : rest) || "_" };
  }
  const rest = tag.slice(prefix.length);
  const hyphen = rest.indexOf("-");
  return { prefix, type: (hyphen >= 0 ? rest.slice(hyphen + 1) : rest) || "_" };
}

/** As seqeval's strict mode reads a tag: the type without hyphens at its ends. */
export function parseStrictTag(tag: string, suffix: boolean): Tag {
  const prefix = prefixOf(tag, suffix);
  const rest = suffix ? tag.slice(0, -prefix.length) : tag.slice(prefix.length);
  return { prefix, type: rest.replace(/^-+|-+$/g, "") || "_" };
}

function prefixOf(tag: string, suffix: boolean): string {
  if (typeof tag !== "string" || tag === "") {
    const came = typeof tag === "string" ? "empty" : `a ${typeof tag}`;
    throw new FormatError(`a tag is ${came}, expected one such as "O" or "B-PER".`, {
      code: "TAG",
    });
  }
  const characters = Array.from(tag);
  return (suffix ? characters.at(-1) : characters[0]) as string;
}

/** A span of words of one type, end exclusive. */
export interface Span {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}
