/**
 * Tokens that stand outside the model: special ones ([CLS], <|endoftext|>) and words added later. They
 * are cut out of the text before anything else, leftmost and longest first, and never split.
 *
 * Tokens marked `normalized` are looked for, normalized, in the normalized text; the others in the text
 * as it came (Hugging Face's rule).
 */
import { VocabularyError } from "@seq/core";

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Left out by `decode` unless asked for, and subject to `specialTokensInText`. */
  readonly special: boolean;
  /** Only where no letter, digit or underscore touches it. */
  readonly singleWord: boolean;
  /** Takes the white space before it along. */
  readonly lstrip: boolean;
  /** Takes the white space after it along. */
  readonly rstrip: boolean;
  readonly normalized: boolean;
}

/**
 * What the text of a special token means when it occurs in the text to encode: `"follow"` it becomes the
 * token, `"text"` it is text like any other, `"refuse"` it is an error; a list names those that become
 * tokens while the others are text.
 */
export type SpecialTokensInText = "follow" | "text" | "refuse" | readonly string[];

/** A stretch of text: an added token, or (token undefined) text to encode. */
export interface Segment {
  readonly begin: number;
  readonly end: number;
  readonly token: AddedToken | undefined;
}

export class AddedTokens {
  readonly list: readonly AddedToken[];
  readonly #byId = new Map<number, AddedToken>();
  readonly #byContent = new Map<string, AddedToken>();
  readonly #shown = new Map<number, string>(); // normalized form, where it differs
  readonly #matchers = new Map<SpecialTokensInText, [plain: Matcher, normalized: Matcher]>();

  /** @param normalize - the tokenizer's normalizer, for tokens marked `normalized`. */
  constructor(tokens: readonly AddedToken[], normalize?: (text: string) => string) {
    this.list = tokens;
    for (const token of tokens) {
      this.#byId.set(token.id, token);
      this.#byContent.set(token.content, token);
      if (!token.normalized || normalize === undefined) continue;
      const shown = normalize(token.content);
      if (shown !== token.content) this.#shown.set(token.id, shown);
    }
  }

  byId(id: number): AddedToken | undefined {
    return this.#byId.get(id);
  }

  byContent(content: string): AddedToken | undefined {
    return this.#byContent.get(content);
  }

  /** How a token reads in a list of tokens: its normalized form. */
  shown(token: AddedToken): string {
    return this.#shown.get(token.id) ?? token.content;
  }

  /**
   * Cuts a text at the added tokens.
   *
   * @param normalized - look for the tokens marked so, else for the others.
   * @returns `undefined` when none occurs.
   * @throws {VocabularyError} `SPECIAL_TOKEN_IN_TEXT` when a special token occurs and the policy is to
   * refuse it.
   */
  split(text: string, normalized: boolean, policy: SpecialTokensInText): Segment[] | undefined {
    if (this.list.length === 0) return undefined;
    const matcher = this.#matcher(policy)[normalized ? 1 : 0];
    return matcher.isEmpty ? undefined : matcher.split(text, policy === "refuse");
  }

  /** Kept by policy; lists by identity, so a caller who passes one list again and again pays once. */
  #matcher(policy: SpecialTokensInText): [Matcher, Matcher] {
    const known = this.#matchers.get(policy);
    if (known !== undefined) return known;
    const follows = (token: AddedToken): boolean => {
      if (!token.special || policy === "follow" || policy === "refuse") return true;
      return policy !== "text" && policy.includes(token.content);
    };
    const matcher = (normalized: boolean): Matcher => {
      const wanted = this.list.filter((token) => token.normalized === normalized && follows(token));
      return new Matcher(wanted.map((token) => [this.#pattern(token, normalized), token]));
    };
    if (this.#matchers.size >= 16) this.#matchers.clear();
    const made: [Matcher, Matcher] = [matcher(false), matcher(true)];
    this.#matchers.set(policy, made);
    return made;
  }

  #pattern(token: AddedToken, normalized: boolean): string {
    return normalized ? this.shown(token) : token.content;
  }
}

/** Finds any of a set of strings, leftmost and longest. */
class Matcher {
  readonly #byText = new Map<string, AddedToken>();
  readonly #lengths = new Map<number, number[]>(); // first code unit -> lengths, longest first
  readonly #firstUnits: readonly number[];
  readonly isEmpty: boolean;

  constructor(patterns: readonly (readonly [string, AddedToken])[]) {
    for (const [pattern, token] of patterns) {
      if (pattern === "") continue;
      this.#byText.set(pattern, token);
      const first = pattern.charCodeAt(0);
      const lengths = this.#lengths.get(first) ?? [];
      if (!lengths.includes(pattern.length)) lengths.push(pattern.length);
      this.#lengths.set(first, lengths);
    }
    for (const lengths of this.#lengths.values()) lengths.sort((a, b) => b - a);
    this.#firstUnits = [...this.#lengths.keys()];
    this.isEmpty = this.#byText.size === 0;
  }

  split(text: string, refuse: boolean): Segment[] | undefined {
    let segments: Segment[] | undefined;
    let done = 0; // what lies before is in segments
    const scan = new FirstUnits(this.#firstUnits, text);
    for (let at = scan.next(0); at < text.length; ) {
      const token = this.#matchAt(text, at);
      if (token === undefined) {
        at = scan.next(at + 1);
        continue;
      }
      const [matched, length] = token;
      if (refuse && matched.special) throw refused(matched, at);
      let begin = at;
      let end = at + length;
      at = scan.next(end);
      if (matched.singleWord && (endsWithWord(text, begin) || beginsWithWord(text, end))) continue;
      if (matched.lstrip) while (begin > done && isSpace(text, begin - 1)) begin--;
      if (matched.rstrip) while (end < text.length && isSpace(text, end)) end++;
      segments ??= [];
      if (begin > done) segments.push({ begin: done, end: begin, token: undefined });
      segments.push({ begin, end, token: matched });
      done = end;
    }
    if (segments !== undefined && done < text.length) {
      segments.push({ begin: done, end: text.length, token: undefined });
    }
    return segments;
  }

  #matchAt(text: string, at: number): [AddedToken, number] | undefined {
    const lengths = this.#lengths.get(text.charCodeAt(at));
    if (lengths === undefined) return undefined;
    for (const length of lengths) {
      if (at + length > text.length) continue; // a slice would be shorter than it says
      const token = this.#byText.get(text.slice(at, at + length));
      if (token !== undefined) return [token, length];
    }
    return undefined;
  }
}

/**
 * The places where one of a few code units stands. Each unit's next place is found by `indexOf` (fast in
 * every engine) and remembered; with many units a plain loop is cheaper.
 */
class FirstUnits {
  readonly #text: string;
  readonly #units: ReadonlySet<number>;
  readonly #characters: string[];
  readonly #places: number[];

  constructor(units: readonly number[], text: string) {
    this.#text = text;
    this.#units = new Set(units);
    this.#characters = units.map((unit) => String.fromCharCode(unit));
    this.#places = units.map(() => -1);
  }

  /** The first place not before `from`, or the text's length. */
  next(from: number): number {
    const text = this.#text;
    if (this.#characters.length > 6) {
      let at = from;
      while (at < text.length && !this.#units.has(text.charCodeAt(at))) at++;
      return at;
    }
    let first = text.length;
    for (let i = 0; i < this.#characters.length; i++) {
      if ((this.#places[i] as number) < from) {
        const place = text.indexOf(this.#characters[i] as string, from);
        this.#places[i] = place < 0 ? text.length : place;
      }
      first = Math.min(first, this.#places[i] as number);
    }
    return first;
  }
}

function refused(token: AddedToken, at: number): VocabularyError {
  return new VocabularyError(
    `encode: the text holds the special token ${JSON.stringify(token.content)} at ${at}; pass specialTokensInText "follow" to encode it as the token, or "text" as plain text.`,
    { code: "SPECIAL_TOKEN_IN_TEXT", details: { token: token.content, at } },
  );
}

function isSpace(text: string, at: number): boolean {
  return /\p{White_Space}/u.test(text.charAt(at));
}

function beginsWithWord(text: string, at: number): boolean {
  return at < text.length && isWordCharacter(text.codePointAt(at) as number);
}

function endsWithWord(text: string, at: number): boolean {
  if (at === 0) return false;
  const low = (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00 && at > 1;
  return isWordCharacter(text.codePointAt(low ? at - 2 : at - 1) as number);
}

function isWordCharacter(codePoint: number): boolean {
  return /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u.test(String.fromCodePoint(codePoint));
}
