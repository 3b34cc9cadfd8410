/** The long way through the pipeline: tokens with their strings and their place in the source. */
import type { AddedToken, SpecialTokensInText } from "./added-tokens.ts";
import { AlignedText } from "./aligned-text.ts";
import { emptyEncoding, type MutableEncoding } from "./encoding.ts";
import { Pieces } from "./pieces.ts";
import type { RandomOptions } from "./stages.types.ts";
import { byteToChar } from "./text/byte-alphabet.ts";
import { encodeUtf8, utf16Length } from "./text/utf8.ts";
import { TokenBuffer } from "./token-buffer.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { writePiece } from "./visit-words.ts";

export function alignedTokens(
  tokenizer: Tokenizer,
  text: string,
  sequenceId: number,
  policy: SpecialTokensInText,
  random: RandomOptions | undefined,
): MutableEncoding {
  const walk = new Walk(tokenizer, sequenceId, policy, random);
  walk.text(text);
  return walk.encoding;
}

class Walk {
  readonly encoding = emptyEncoding();
  readonly #tokenizer: Tokenizer;
  readonly #sequenceId: number;
  readonly #policy: SpecialTokensInText;
  readonly #random: RandomOptions | undefined;
  readonly #buffer = new TokenBuffer();
  #bytes = new Uint8Array(256);
  #word = 0;

  constructor(
    tokenizer: Tokenizer,
    sequenceId: number,
    policy: SpecialTokensInText,
    random: RandomOptions | undefined,
  ) {
    this.#tokenizer = tokenizer;
    this.#sequenceId = sequenceId;
    this.#policy = policy;
    this.#random = random;
  }

  text(text: string): void {
    const source = new AlignedText(text);
    const segments = this.#tokenizer.addedTokens.split(text, false, this.#policy);
    if (segments === undefined) {
      this.#normalize(source);
      return;
    }
    for (const { begin, end, token } of segments) {
      if (token === undefined) this.#normalize(source.slice(begin, end));
      else this.#added(token, source, begin, end);
    }
  }

  #normalize(raw: AlignedText): void {
    const { normalizer } = this.#tokenizer.parts;
    const continues = raw.text.length > 0 && raw.sourceBegin(0) > 0;
    const text = normalizer === undefined ? raw : normalizer.align(raw);
    const segments = this.#tokenizer.addedTokens.split(text.text, true, this.#policy);
    if (segments === undefined) {
      this.#pieces(text, continues);
      return;
    }
    for (const { begin, end, token } of segments) {
      if (token !== undefined) this.#added(token, text, begin, end);
      else this.#pieces(text.slice(begin, end), continues || text.sourceBegin(begin) > 0);
    }
  }

  #pieces(text: AlignedText, continues: boolean): void {
    const byteLevel = this.#tokenizer.parts.normalizer?.byteLevel === true;
    const whole = Pieces.whole(text, byteLevel, continues);
    const pieces = this.#tokenizer.parts.preTokenizer?.preTokenize(whole) ?? whole;
    for (let i = 0; i < pieces.bounds.length; i += 2) {
      this.#piece(pieces, pieces.bounds[i] as number, pieces.bounds[i + 1] as number);
    }
  }

  #piece(pieces: Pieces, begin: number, end: number): void {
    const { text } = pieces.source;
    if ((end - begin) * 3 > this.#bytes.length) this.#bytes = new Uint8Array((end - begin) * 6);
    const length = writePiece(text, begin, end, pieces.byteLevel, this.#bytes);
    const buffer = this.#buffer;
    buffer.clear();
    const { model } = this.#tokenizer.parts;
    const random = this.#random;
    if (random !== undefined && model.tokenizeRandomly !== undefined) {
      model.tokenizeRandomly(this.#bytes, 0, length, buffer, random);
    } else {
      model.tokenize(this.#bytes, 0, length, buffer);
    }
    const last = buffer.spans[2 * buffer.length - 1];
    if (pieces.byteLevel && last !== undefined && last < length) this.#shiftByteSpans(length);
    const units = pieces.byteLevel || length === end - begin ? undefined : this.#units(length);
    for (let i = 0; i < buffer.length; i++) {
      const from = buffer.spans[2 * i] as number;
      const to = buffer.spans[2 * i + 1] as number;
      const unitBegin = begin + (units === undefined ? from : (units[2 * from] as number));
      const unitEnd =
        to > from ? begin + (units === undefined ? to : (units[2 * to - 1] as number)) : unitBegin;
      const id = buffer.ids[i] as number;
      const shown = model.showsUnknown && id === model.unknownId;
      const token = shown
        ? text.slice(unitBegin, unitEnd)
        : (this.#tokenizer.idToToken(id) as string);
      this.#push(id, token, pieces.source, unitBegin, unitEnd);
    }
    this.#word++;
  }

  /**
   * When bytes that the vocabulary lacks were dropped, Hugging Face's offsets run ahead of the text: they
   * add up the lengths of what was kept, and in its byte-level words a character of the byte alphabet
   * takes one or two bytes. This repeats the arithmetic, so that offsets stay equal to the reference's.
   */
  #shiftByteSpans(length: number): void {
    const { buffer, bytes } = { buffer: this.#buffer, bytes: this.#bytes };
    const owners: number[] = []; // byte of the word in the byte alphabet -> byte of the word
    for (let i = 0; i < length; i++) {
      const width = byteToChar(bytes[i] as number).charCodeAt(0) < 0x80 ? 1 : 2;
      for (let k = 0; k < width; k++) owners.push(i);
    }
    let at = 0;
    for (let i = 0; i < buffer.length; i++) {
      const token = this.#tokenizer.idToToken(buffer.ids[i] as number) as string;
      const end = at + encodeUtf8(token).length;
      buffer.spans[2 * i] = owners[at] as number;
      buffer.spans[2 * i + 1] = (owners[end - 1] as number) + 1;
      at = end;
    }
  }

  /** For each byte of the piece: begin and end, in code units, of the character it belongs to. */
  #units(length: number): Uint32Array {
    const units = new Uint32Array(length * 2);
    let begin = 0;
    let end = 0;
    for (let i = 0; i < length; i++) {
      const width = utf16Length(this.#bytes[i] as number);
      if (width > 0) {
        begin = end;
        end += width;
      }
      units[2 * i] = begin;
      units[2 * i + 1] = end;
    }
    return units;
  }

  #added(token: AddedToken, text: AlignedText, begin: number, end: number): void {
    this.#push(token.id, text.text.slice(begin, end), text, begin, end);
    this.#word++;
  }

  #push(id: number, token: string, text: AlignedText, begin: number, end: number): void {
    const e = this.encoding;
    const sourceBegin = begin < text.text.length ? text.sourceBegin(begin) : endOf(text);
    e.ids.push(id);
    e.tokens.push(token);
    e.offsets.push(sourceBegin, end > begin ? text.sourceEnd(end - 1) : sourceBegin);
    e.typeIds.push(0);
    e.wordIds.push(this.#word);
    e.sequenceIds.push(this.#sequenceId);
    e.specialTokensMask.push(0);
    e.attentionMask.push(1);
  }
}

function endOf(text: AlignedText): number {
  return text.text.length === 0 ? text.shift : text.sourceEnd(text.text.length - 1);
}
