/**
 * Regular expressions as tokenizer files write them (Oniguruma in Hugging Face's, Rust's fancy-regex in
 * tiktoken's), translated to JavaScript's. What differs: white space and word characters are Unicode's,
 * `^` and `$` are line ends in Oniguruma, possessive and atomic groups, `(?i:...)`, `\h`, `\A`, `\z`,
 * `[[:alpha:]]`, `\p{Han}`, escapes that JavaScript's `u` mode forbids.
 *
 * Not translated, refused by name: back references, conditionals, subroutines, `\G`, `\K`.
 */
import { FormatError } from "@seq/core";

export type RegexDialect = "oniguruma" | "rust";

/** `\w`: Rust's regex crate, and Oniguruma, which adds the numbers of Latin-1 (²½), not the joiners. */
const words: Readonly<Record<RegexDialect, string>> = {
  rust: "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}",
  oniguruma: "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\xb2\\xb3\\xb9\\xbc-\\xbe",
};
const posix: Readonly<Record<string, string>> = {
  alpha: "\\p{Alphabetic}", alnum: "\\p{Alphabetic}\\p{Nd}", digit: "\\p{Nd}", lower: "\\p{Lowercase}",
  upper: "\\p{Uppercase}", space: "\\p{White_Space}", punct: "\\p{P}\\p{S}", blank: "\\t\\p{Zs}",
  cntrl: "\\p{Cc}", xdigit: "0-9a-fA-F", ascii: "\\x00-\\x7f",
  graph: "\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}", print: "\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Zs}",
}; // biome-ignore format: a table

const maxDepth = 64;
const maxLength = 20_000;

/**
 * @param where - the place in the file, for messages.
 * @returns a regular expression with the flags `gv`.
 * @throws {FormatError} `REGEX`
 */
export function translateRegex(source: string, dialect: RegexDialect, where: string): RegExp {
  if (source.length > maxLength) {
    throw new FormatError(
      `${where}: a regular expression of ${source.length} characters, expected at most ${maxLength}.`,
      { code: "REGEX" },
    );
  }
  const translated = new Translator(source, dialect, where).run();
  try {
    return new RegExp(translated, "gv");
  } catch (cause) {
    throw new FormatError(
      `${where}: cannot read the regular expression ${JSON.stringify(source)}: ${(cause as Error).message}.`,
      { code: "REGEX", cause },
    );
  }
}

class Translator {
  readonly #source: string;
  readonly #dialect: RegexDialect;
  readonly #where: string;
  #at = 0;
  #ignoreCase = false;
  #dotAll = false;
  #extended = false;
  readonly #word: string;
  #groups = 0; // capture groups that possessive quantifiers need
  #depth = 0;

  constructor(source: string, dialect: RegexDialect, where: string) {
    this.#source = source;
    this.#dialect = dialect;
    this.#where = where;
    this.#word = words[dialect];
  }

  run(): string {
    const out = this.#alternatives();
    if (this.#at < this.#source.length) throw this.#fail("an unmatched )");
    return out;
  }

  #alternatives(): string {
    if (++this.#depth > maxDepth) throw this.#fail(`groups nested deeper than ${maxDepth}`);
    let out = "";
    while (this.#at < this.#source.length && this.#peek() !== ")") {
      if (this.#peek() === "|") {
        this.#at++;
        out += "|";
      } else {
        out += this.#term();
      }
    }
    this.#depth--;
    return out;
  }

  #term(): string {
    const before = this.#groups;
    const atom = this.#atom();
    if (atom === "") return "";
    return this.#quantified(atom, before);
  }

  /** An atom with the quantifiers that follow it. */
  #quantified(atom: string, groupsBefore: number): string {
    let out = atom;
    for (;;) {
      const quantifier = /^(?:[*+?]|\{\d*,?\d*\})/.exec(
        this.#source.slice(this.#at, this.#at + 24),
      )?.[0];
      if (quantifier === undefined || quantifier === "{}" || quantifier === "{,}") return out;
      this.#at += quantifier.length;
      const count = quantifier.replace("{,", "{0,");
      const mode = this.#peek();
      // In Oniguruma `{1,3}+` is a quantified quantifier, in Rust a possessive one.
      const possessive = mode === "+" && (this.#dialect === "rust" || !quantifier.startsWith("{"));
      if (mode === "?" && !(this.#dialect === "oniguruma" && /^\{\d+\}$/.test(quantifier))) {
        this.#at++;
        out = `${out}${count}?`;
      } else if (possessive) {
        this.#at++;
        out = this.#atomic(`${out}${count}`, groupsBefore);
      } else {
        out = `${out}${count}`;
      }
      out = `(?:${out})`;
    }
  }

  /** What matches without giving back: a look-ahead takes it, a back reference consumes it. */
  #atomic(body: string, groupsBefore: number): string {
    const number = groupsBefore + 1;
    // Groups inside come after this one: renumber their references.
    const shifted = body.replace(/\\(\d+)(?=\))/g, (_, n: string) => `\\${Number(n) + 1}`);
    this.#groups++;
    return `(?:(?=(${shifted}))\\${number})`;
  }

  #atom(): string {
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return this.#set();
      case "\\":
        return this.#escape(false);
      case ".":
        return this.#dotAll ? "[\\s\\S]" : "[^\\n]";
      case "^":
        return this.#dialect === "oniguruma" ? "(?<![^\\n])" : "(?<![\\s\\S])";
      case "$":
        return this.#dialect === "oniguruma" ? "(?![^\\n])" : "(?![\\s\\S])";
      case "#":
        if (!this.#extended) break;
        while (this.#at < this.#source.length && this.#next() !== "\n");
        return "";
      default:
    }
    if (this.#extended && /\s/.test(character)) return "";
    return this.#literal(character);
  }

  #group(): string {
    const { ignoreCase, dotAll, extended } = {
      ignoreCase: this.#ignoreCase,
      dotAll: this.#dotAll,
      extended: this.#extended,
    };
    const restore = (): void => {
      this.#ignoreCase = ignoreCase;
      this.#dotAll = dotAll;
      this.#extended = extended;
    };
    let open = "(?:";
    const before = this.#groups;
    let atomic = false;
    if (this.#peek() === "?") {
      const rest = this.#source.slice(this.#at);
      const look = /^\?(?:=|!|<=|<!)/.exec(rest)?.[0];
      const flags = /^\?([imsx]*)(?:-([imsx]*))?([:)])/.exec(rest);
      const name = /^\?P?<([A-Za-z_]\w*)>/.exec(rest)?.[0];
      if (look !== undefined) {
        this.#at += look.length;
        open = `(${look}`;
      } else if (rest.startsWith("?>")) {
        this.#at += 2;
        atomic = true;
      } else if (rest.startsWith("?#")) {
        const close = this.#source.indexOf(")", this.#at);
        if (close < 0) throw this.#fail("a comment without end");
        this.#at = close + 1;
        return "";
      } else if (name !== undefined) {
        this.#at += name.length;
      } else if (flags !== null) {
        this.#at += flags[0].length;
        this.#setFlags(flags[1] ?? "", flags[2] ?? "");
        // `(?i)` holds to the end of the group it stands in.
        if (flags[3] === ")") return "";
      } else {
        throw this.#fail(`the group (${rest.slice(0, 4)}`);
      }
    }
    const body = this.#alternatives();
    if (this.#at >= this.#source.length) throw this.#fail("a group without end");
    this.#at++;
    restore();
    if (atomic) return this.#atomic(`(?:${body})`, before);
    return `${open}${body})`;
  }

  #setFlags(on: string, off: string): void {
    if (on.includes("i")) this.#ignoreCase = true;
    if (off.includes("i")) this.#ignoreCase = false;
    if (on.includes("x")) this.#extended = true;
    if (off.includes("x")) this.#extended = false;
    const dot = this.#dialect === "oniguruma" ? "m" : "s";
    if (on.includes(dot)) this.#dotAll = true;
    if (off.includes(dot)) this.#dotAll = false;
  }

  /** A character class, with nested classes and intersections. */
  #set(): string {
    if (++this.#depth > maxDepth) throw this.#fail(`classes nested deeper than ${maxDepth}`);
    let negated = false;
    if (this.#peek() === "^") {
      this.#at++;
      negated = true;
    }
    const operands: string[] = [""];
    let first = true;
    for (;;) {
      if (this.#at >= this.#source.length) throw this.#fail("a character class without end");
      if (this.#source.startsWith("&&", this.#at)) {
        this.#at += 2;
        operands.push("");
        continue;
      }
      const character = this.#next();
      if (character === "]" && !first) break;
      first = false;
      operands[operands.length - 1] += this.#setItem(character);
    }
    this.#depth--;
    const open = negated ? "[^" : "[";
    if (operands.length === 1) return `${open}${operands[0]}]`;
    return `${open}${operands.map((operand) => `[${operand}]`).join("&&")}]`;
  }

  #setItem(character: string): string {
    if (character === "[") {
      const named = /^:(\^?)(\w+):\]/.exec(this.#source.slice(this.#at, this.#at + 16));
      if (named === null) return this.#set();
      this.#at += named[0].length;
      if (named[2] === "word") return named[1] === "" ? this.#word : `[^${this.#word}]`;
      const members = Object.hasOwn(posix, named[2] as string)
        ? posix[named[2] as string]
        : undefined;
      if (members === undefined) throw this.#fail(`the class [:${named[2]}:]`);
      return named[1] === "" ? members : `[^${members}]`;
    }
    const item = character === "\\" ? this.#escape(true) : setLiteral(character);
    const from = character === "\\" ? characterOf(item) : character;
    const isRange =
      from !== undefined &&
      this.#peek() === "-" &&
      this.#source[this.#at + 1] !== "]" &&
      this.#at + 1 < this.#source.length;
    if (!isRange) return this.#ignoreCase && from !== undefined ? setOf(variants(from)) : item;
    this.#at++;
    const last = this.#next();
    const to = last === "\\" ? this.#escape(true) : setLiteral(last);
    const range = `${item}-${to}`;
    return this.#ignoreCase ? range + otherCase(from, characterOf(to) ?? last) : range;
  }

  #escape(inSet: boolean): string {
    const word = this.#word;
    const character = this.#next();
    switch (character) {
      case "s": return "\\p{White_Space}";
      case "S": return "\\P{White_Space}";
      case "d": return "\\p{Nd}";
      case "D": return "\\P{Nd}";
      case "w": return inSet ? word : `[${word}]`;
      case "W": return `[^${word}]`;
      case "h": return inSet ? "0-9a-fA-F" : "[0-9a-fA-F]";
      case "H": return "[^0-9a-fA-F]";
      case "t": case "n": case "r": case "f": case "v": return `\\${character}`;
      case "a": return "\\x07";
      case "e": return "\\x1b";
      case "p": case "P": return this.#property(character === "P");
      case "x": case "u": return this.#codePoint(character);
      default:
    } // biome-ignore format: a table
    if (!inSet) {
      const edge = `(?:(?<=[${word}])(?![${word}])|(?<![${word}])(?=[${word}]))`;
      if (character === "b") return edge;
      if (character === "B") return `(?!${edge})`;
      if (character === "A") return "(?<![\\s\\S])";
      if (character === "z") return "(?![\\s\\S])";
      if (character === "Z") return "(?=\\n?(?![\\s\\S]))";
      if (character === "R") return "(?:\\r\\n|[\\n-\\r\\u0085\\u2028\\u2029])";
    }
    if (character === "0") return "\\x00";
    if (/[A-Za-z0-9]/.test(character)) throw this.#fail(`\\${character}`);
    return inSet ? setLiteral(character) : this.#literal(character);
  }

  #property(negatedLetter: boolean): string {
    const match = /^(?:\{(\^?)([^}]{1,64})\}|([A-Z]))/.exec(
      this.#source.slice(this.#at, this.#at + 72),
    );
    if (match === null) throw this.#fail("\\p without a property");
    this.#at += match[0].length;
    const name = (match[2] ?? match[3]) as string;
    const negated = negatedLetter !== (match[1] === "^");
    const property = propertyName(name);
    if (property === undefined) throw this.#fail(`\\p{${name}}`);
    return `\\${negated ? "P" : "p"}{${property}}`;
  }

  #codePoint(kind: string): string {
    const rest = this.#source.slice(this.#at, this.#at + 10);
    const braced = /^\{([0-9a-fA-F]{1,6})\}/.exec(rest);
    const plain = (kind === "x" ? /^[0-9a-fA-F]{2}/ : /^[0-9a-fA-F]{4}/).exec(rest);
    const digits = braced?.[1] ?? plain?.[0];
    if (digits === undefined || Number.parseInt(digits, 16) > 0x10ffff) {
      throw this.#fail(`\\${kind}${rest.slice(0, 8)}`);
    }
    this.#at += (braced ?? (plain as RegExpExecArray))[0].length;
    return `\\u{${digits}}`;
  }

  #literal(character: string): string {
    if (this.#ignoreCase) {
      const forms = variants(character);
      if (forms.length > 1) return `[${forms.map(setLiteral).join("")}]`;
    }
    return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
  }

  #peek(): string {
    return this.#source.charAt(this.#at);
  }

  #next(): string {
    const codePoint = this.#source.codePointAt(this.#at);
    if (codePoint === undefined) throw this.#fail("an escape without end");
    const character = String.fromCodePoint(codePoint);
    this.#at += character.length;
    return character;
  }

  #fail(what: string): FormatError {
    return new FormatError(
      `${this.#where}: the regular expression ${JSON.stringify(this.#source.slice(0, 200))} has ${what} at ${this.#at}, which cannot be translated.`,
      { code: "REGEX", details: { at: this.#at } },
    );
  }
}

/** Scripts are named alone in other dialects: `\p{Han}`. */
function propertyName(name: string): string | undefined {
  const bare = name.replace(/^Is/, "").replace(/[\s-]/g, "_");
  const candidates = [bare, capitalised(bare), `Script=${capitalised(bare)}`];
  return candidates.find((candidate) => {
    try {
      new RegExp(`\\p{${candidate}}`, "v");
      return true;
    } catch {
      return false;
    }
  });
}

function capitalised(name: string): string {
  return name.toLowerCase().replace(/(^|_)[a-z]/g, (start) => start.toUpperCase());
}

/** A character and those that are equal to it when case does not matter. */
function variants(character: string): string[] {
  const extra: Readonly<Record<string, string>> = { s: "ſ", k: "\u212a", å: "\u212b" };
  const lower = character.toLowerCase();
  const found = new Set([character, lower, character.toUpperCase()]);
  if (Object.hasOwn(extra, lower)) found.add(extra[lower] as string);
  return [...found].filter((form) => [...form].length === 1);
}

function setOf(characters: readonly string[]): string {
  return characters.map(setLiteral).join("");
}

function otherCase(from: string, to: string): string {
  let out = "";
  const a = from.codePointAt(0) as number;
  const b = to.codePointAt(0) as number;
  for (let c = a; c <= b && c - a < 512; c++) {
    out += setOf(variants(String.fromCodePoint(c)).slice(1));
  }
  return out;
}

function setLiteral(character: string): string {
  return /[\\^\]\-[&!#$%*+,.:;<=>?@`~()|/{}]/.test(character) ? `\\${character}` : character;
}

/** The character that an escape inside a class stands for, if it stands for one. */
function characterOf(escaped: string): string | undefined {
  const hex = /^\\u\{([0-9a-fA-F]+)\}$/.exec(escaped)?.[1];
  if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
  const simple: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f", v: "\v" };
  if (escaped.startsWith("\\")) {
    const rest = escaped.slice(1);
    if (Object.hasOwn(simple, rest)) return simple[rest];
    return /^[^\w\s]$/u.test(rest) ? rest : undefined;
  }
  return [...escaped].length === 1 ? escaped : undefined;
}
