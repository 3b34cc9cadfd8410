/**
 * Clipped n-gram matching without strings: the n-grams of the references of one segment as a trie.
 *
 * A node is an n-gram, found from its prefix's node and one more symbol in an open-addressing hash table.
 * Tables are typed arrays that are kept from segment to segment and never cleared: a slot counts only when
 * it carries the current generation. Time: order * length; memory: that of the longest segment.
 */
export class NgramTrie {
  #capacity = 0; // slots, a power of two; at most half are in use
  #parent = new Int32Array(0);
  #symbol = new Int32Array(0);
  #node = new Int32Array(0);
  #slotGeneration = new Int32Array(0);
  #generation = 0;

  #nodes = 0; // node 0 is the empty n-gram
  #count = new Int32Array(0); // of the reference being added
  #countOwner = new Int32Array(0); // which reference #count belongs to
  #most = new Int32Array(0); // over the references
  #used = new Int32Array(0); // by the hypothesis
  #usedOwner = new Int32Array(0); // which call of match #used belongs to
  #owner = 0;

  /** Forgets all references and makes room for that many n-grams. */
  reset(ngrams: number): void {
    const wanted = 2 * (ngrams + 1);
    if (this.#capacity < wanted) {
      let capacity = Math.max(1024, this.#capacity);
      while (capacity < wanted) capacity *= 2;
      this.#capacity = capacity;
      this.#parent = new Int32Array(capacity);
      this.#symbol = new Int32Array(capacity);
      this.#node = new Int32Array(capacity);
      this.#slotGeneration = new Int32Array(capacity);
      this.#count = new Int32Array(capacity / 2 + 1);
      this.#countOwner = new Int32Array(capacity / 2 + 1);
      this.#most = new Int32Array(capacity / 2 + 1);
      this.#used = new Int32Array(capacity / 2 + 1);
      this.#usedOwner = new Int32Array(capacity / 2 + 1);
      this.#generation = 0;
      this.#owner = 0;
    }
    if (this.#owner > 2 ** 30) {
      // Long before the stamps would overflow: after a billion segments.
      this.#slotGeneration.fill(0);
      this.#generation = 0;
      this.#owner = 0;
    }
    this.#generation++;
    this.#nodes = 1;
  }

  /** Adds all n-grams of one reference; an n-gram's limit is its largest count in any one reference. */
  addReference(symbols: Int32Array, length: number, order: number): void {
    const owner = ++this.#owner;
    for (let i = 0; i < length; i++) {
      const end = Math.min(length, i + order);
      let node = 0;
      for (let j = i; j < end; j++) {
        node = this.#insert(node, symbols[j]!);
        if (this.#countOwner[node] !== owner) {
          this.#countOwner[node] = owner;
          this.#count[node] = 0;
        }
        const count = ++this.#count[node]!;
        if (count > this.#most[node]!) this.#most[node] = count;
      }
    }
  }

  /** Adds to `correct[offset + (n-1) * stride]` the clipped matches of order n. */
  match(
    symbols: Int32Array,
    length: number,
    order: number,
    correct: Float64Array,
    offset: number,
    stride: number,
  ): void {
    const owner = ++this.#owner;
    for (let i = 0; i < length; i++) {
      const end = Math.min(length, i + order);
      let node = 0;
      for (let j = i, at = offset; j < end; j++, at += stride) {
        node = this.#find(node, symbols[j]!);
        if (node < 0) break; // no longer n-gram from here can match either
        if (this.#usedOwner[node] !== owner) {
          this.#usedOwner[node] = owner;
          this.#used[node] = 0;
        }
        if (this.#used[node]! < this.#most[node]!) {
          this.#used[node]!++;
          correct[at]!++;
        }
      }
    }
  }

  #insert(parent: number, symbol: number): number {
    const mask = this.#capacity - 1;
    let slot = hash(parent, symbol) & mask;
    while (this.#slotGeneration[slot] === this.#generation) {
      if (this.#parent[slot] === parent && this.#symbol[slot] === symbol) return this.#node[slot]!;
      slot = (slot + 1) & mask;
    }
    const node = this.#nodes++;
    this.#slotGeneration[slot] = this.#generation;
    this.#parent[slot] = parent;
    this.#symbol[slot] = symbol;
    this.#node[slot] = node;
    this.#most[node] = 0;
    this.#countOwner[node] = 0;
    this.#usedOwner[node] = 0;
    return node;
  }

  #find(parent: number, symbol: number): number {
    const mask = this.#capacity - 1;
    let slot = hash(parent, symbol) & mask;
    while (this.#slotGeneration[slot] === this.#generation) {
      if (this.#parent[slot] === parent && this.#symbol[slot] === symbol) return this.#node[slot]!;
      slot = (slot + 1) & mask;
    }
    return -1;
  }
}

function hash(parent: number, symbol: number): number {
  let z = Math.imul(parent, 0x9e3779b1) ^ Math.imul(symbol + 1, 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 15), 0x2c1b3c6d);
  return (z ^ (z >>> 13)) >>> 0;
}
