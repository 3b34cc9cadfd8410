/** Words or characters of one segment as small numbers, in buffers that are reused. */

/** Numbers words by first appearance: equal words of hypothesis and references get one number. */
export class WordNumbers {
  readonly #numbers = new Map<string, number>();

  reset(): void {
    this.#numbers.clear();
  }

  /** Writes the numbers of the words into `into`, which must be long enough. */
  write(words: readonly string[], into: Int32Array): void {
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      let number = this.#numbers.get(word);
      if (number === undefined) {
        number = this.#numbers.size;
        this.#numbers.set(word, number);
      }
      into[i] = number;
    }
  }
}

/** Writes the code points of a text and returns how many they are; lone surrogates stand for themselves. */
export function writeCodePoints(text: string, into: Int32Array): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    let point = unit;
    if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length) {
      const low = text.charCodeAt(i + 1);
      if (low >= 0xdc00 && low < 0xe000) {
        point = ((unit - 0xd800) << 10) + (low - 0xdc00) + 0x10000;
        i++;
      }
    }
    into[length++] = point;
  }
  return length;
}

/** An empty buffer of the type that `withRoom` gives. */
export function newBuffer(): Int32Array {
  return new Int32Array(0);
}

/** The same buffer when it is long enough, else a longer one. */
export function withRoom(buffer: Int32Array, length: number): Int32Array {
  return buffer.length >= length ? buffer : new Int32Array(Math.max(256, 2 * length));
}
