/** The four Unicode normal forms, by the engine's own `String.prototype.normalize`. */
import { type AlignedText, Rewriter } from "../aligned-text.ts";
import type { Normalizer } from "../stages.types.ts";
import { isAscii } from "./by-character.ts";

export type NormalForm = "NFC" | "NFD" | "NFKC" | "NFKD";

export class UnicodeNormalizer implements Normalizer {
  readonly type: NormalForm;

  constructor(form: NormalForm) {
    this.type = form;
  }

  normalize(text: string): string {
    return text.normalize(this.type);
  }

  /**
   * Decomposed characters stand for the character they come from; a composed one stands for the first of
   * its parts (Hugging Face's rule), so combining marks fall between tokens.
   */
  align(from: AlignedText): AlignedText {
    const { text } = from;
    if (isAscii(text) || text.normalize(this.type) === text) return from;
    const writer = new Rewriter(from);
    for (let at = 0; at < text.length; ) {
      const end = clusterEnd(text, at);
      this.#cluster(text, at, end, writer);
      at = end;
    }
    return writer.finish();
  }

  /** Normalizes a run that cannot interact with its neighbours. */
  #cluster(text: string, begin: number, end: number, writer: Rewriter): void {
    const cluster = text.slice(begin, end);
    const becomes = cluster.normalize(this.type);
    if (becomes === cluster) {
      writer.copy(begin, end);
      return;
    }
    const origins = originsOf(cluster, becomes, this.type);
    let at = 0;
    for (const character of becomes) {
      const from = begin + (origins[at] as number);
      const width = (text.codePointAt(from) as number) > 0xffff ? 2 : 1;
      writer.write(character, from, from + width);
      at += character.length;
    }
  }
}

/**
 * End of the cluster that begins at a place: the next character that is stable at its left, that is, a
 * starter that never composes with what stands before it.
 */
function clusterEnd(text: string, begin: number): number {
  let at = begin + width(text, begin);
  while (at < text.length && joinsBefore(text, at)) at += width(text, at);
  return at;
}

function width(text: string, at: number): number {
  return (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
}

/** Marks, and the vowels and finals of Hangul, may compose with what is before them. */
function joinsBefore(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if (unit < 0x300) return false;
  const codePoint = text.codePointAt(at) as number;
  if (codePoint >= 0x1160 && codePoint <= 0x11ff) return true;
  const character = String.fromCodePoint(codePoint);
  // Compatibility forms (half-width voiced marks) decompose to marks.
  return /^\p{M}/u.test(character) || /^\p{M}/u.test(character.normalize("NFKD"));
}

/** For each code unit of the normalized cluster: index in the cluster of the character it comes from. */
function originsOf(cluster: string, becomes: string, form: NormalForm): Int32Array {
  const decomposition = form === "NFC" || form === "NFD" ? "NFD" : "NFKD";
  // The canonically ordered decomposition with the origin of every character.
  const parts: { character: string; origin: number }[] = [];
  for (let at = 0; at < cluster.length; at += width(cluster, at)) {
    const decomposed = String.fromCodePoint(cluster.codePointAt(at) as number).normalize(
      decomposition,
    );
    for (const character of decomposed) parts.push({ character, origin: at });
  }
  const ordered = reorder(parts, cluster.normalize(decomposition));
  const origins = new Int32Array(becomes.length);
  let unit = 0;
  let next = 0;
  const used = new Uint8Array(ordered.length);
  for (const character of becomes) {
    // A composed character takes the origin of its base and uses up its parts.
    const needed = [...character.normalize(decomposition)];
    let origin = -1;
    for (const part of needed) {
      let i = next;
      while (i < ordered.length && (used[i] === 1 || ordered[i]?.character !== part)) i++;
      if (i >= ordered.length) continue;
      used[i] = 1;
      if (origin < 0) origin = (ordered[i] as { origin: number }).origin;
      while (next < ordered.length && used[next] === 1) next++;
    }
    for (let k = 0; k < character.length; k++) origins[unit++] = Math.max(0, origin);
  }
  return origins;
}

/** Brings the parts into the order of the normalized text, keeping equal characters in their order. */
function reorder(
  parts: readonly { character: string; origin: number }[],
  target: string,
): { character: string; origin: number }[] {
  const left = [...parts];
  const ordered: { character: string; origin: number }[] = [];
  for (const character of target) {
    const i = left.findIndex((part) => part.character === character);
    if (i >= 0) ordered.push(...left.splice(i, 1));
  }
  return ordered;
}
