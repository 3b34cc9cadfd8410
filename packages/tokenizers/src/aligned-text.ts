/**
 * A text that remembers where it came from, so that tokens of a normalized text point into the source.
 *
 * For each UTF-16 code unit it knows the begin and the end of the source range it stands for. While
 * nothing has changed both arrays are absent and unit i is source unit `shift + i`.
 */
export class AlignedText {
  readonly text: string;
  readonly shift: number;
  readonly begins: Uint32Array | undefined;
  readonly ends: Uint32Array | undefined;
  /** False when nobody will ask for source ranges: rewriting is cheaper then. */
  readonly tracked: boolean;

  constructor(
    text: string,
    shift = 0,
    begins?: Uint32Array,
    ends?: Uint32Array,
    tracked: boolean = true,
  ) {
    this.text = text;
    this.shift = shift;
    this.begins = begins;
    this.ends = ends;
    this.tracked = tracked;
  }

  /** A text whose source nobody will ask for. */
  static untracked(text: string): AlignedText {
    return new AlignedText(text, 0, undefined, undefined, false);
  }

  /** Begin of the source range of unit i. */
  sourceBegin(i: number): number {
    return this.begins === undefined ? this.shift + i : (this.begins[i] as number);
  }

  /** End of the source range of unit i. */
  sourceEnd(i: number): number {
    return this.ends === undefined ? this.shift + i + 1 : (this.ends[i] as number);
  }

  slice(begin: number, end: number): AlignedText {
    const text = this.text.slice(begin, end);
    if (!this.tracked) return AlignedText.untracked(text);
    if (this.begins === undefined) return new AlignedText(text, this.shift + begin);
    return new AlignedText(
      text,
      0,
      this.begins.subarray(begin, end),
      this.ends?.subarray(begin, end),
    );
  }
}

/** Builds a changed text from left to right. */
export class Rewriter {
  readonly #from: AlignedText;
  readonly #parts: string[] = [];
  #begins: Uint32Array;
  #ends: Uint32Array;
  #length = 0;

  constructor(from: AlignedText) {
    this.#from = from;
    this.#begins = new Uint32Array(from.tracked ? from.text.length + 16 : 0);
    this.#ends = new Uint32Array(this.#begins.length);
  }

  /** Takes units [begin, end) as they are. */
  copy(begin: number, end: number): void {
    if (begin >= end) return;
    const from = this.#from;
    this.#parts.push(from.text.slice(begin, end));
    if (!from.tracked) {
      this.#length += end - begin;
      return;
    }
    this.#room(end - begin);
    for (let i = begin; i < end; i++) {
      this.#begins[this.#length] = from.sourceBegin(i);
      this.#ends[this.#length++] = from.sourceEnd(i);
    }
  }

  /** Adds a text that stands for what units [begin, end) stand for. */
  write(text: string, begin: number, end: number): void {
    if (text === "") return;
    this.#parts.push(text);
    if (!this.#from.tracked) {
      this.#length += text.length;
      return;
    }
    const source = this.#from.text.length > 0;
    const sourceBegin = source ? this.#from.sourceBegin(begin) : this.#from.shift;
    const sourceEnd = source ? this.#from.sourceEnd(Math.max(begin, end - 1)) : this.#from.shift;
    this.#room(text.length);
    for (let i = 0; i < text.length; i++) {
      this.#begins[this.#length] = sourceBegin;
      this.#ends[this.#length++] = sourceEnd;
    }
  }

  /** Units written so far. */
  get length(): number {
    return this.#length;
  }

  finish(): AlignedText {
    if (!this.#from.tracked) return AlignedText.untracked(this.#parts.join(""));
    return new AlignedText(
      this.#parts.join(""),
      0,
      this.#begins.subarray(0, this.#length),
      this.#ends.subarray(0, this.#length),
    );
  }

  #room(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#begins.length) return;
    const begins = new Uint32Array(wanted * 2);
    begins.set(this.#begins);
    const ends = new Uint32Array(wanted * 2);
    ends.set(this.#ends);
    this.#begins = begins;
    this.#ends = ends;
  }
}
