/**
 * A growing list of tokens: the id, and where the token begins and ends in the bytes that the model was
 * given. One buffer serves many words; positions count from the begin of the word that gave them.
 */
export class TokenBuffer {
  ids: Uint32Array;
  /** Begin and end of each token, interleaved. Bytes from the begin of the word. */
  spans: Uint32Array;
  length = 0;

  constructor(capacity = 64) {
    this.ids = new Uint32Array(capacity);
    this.spans = new Uint32Array(capacity * 2);
  }

  push(id: number, begin: number, end: number): void {
    if (this.length === this.ids.length) this.reserve(this.length + 1);
    this.ids[this.length] = id;
    this.spans[2 * this.length] = begin;
    this.spans[2 * this.length + 1] = end;
    this.length++;
  }

  /** Makes room for so many tokens in all. */
  reserve(capacity: number): void {
    if (capacity <= this.ids.length) return;
    const room = Math.max(capacity, this.ids.length * 2);
    const ids = new Uint32Array(room);
    ids.set(this.ids.subarray(0, this.length));
    const spans = new Uint32Array(room * 2);
    spans.set(this.spans.subarray(0, 2 * this.length));
    this.ids = ids;
    this.spans = spans;
  }

  clear(): void {
    this.length = 0;
  }
}
