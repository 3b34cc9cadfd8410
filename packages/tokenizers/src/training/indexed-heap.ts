/**
 * A binary max-heap over the items 0, 1, 2 ... that knows where each item stands, so that a priority
 * can be raised or lowered in O(log n). Equal priorities: the smaller tie key first.
 */
export class IndexedHeap {
  #items: Int32Array;
  #priorities: Float64Array;
  #ties: Float64Array;
  /** Item -> place in the heap, -1 when it is not in it. */
  #places: Int32Array;
  #size = 0;

  constructor(capacity = 1024) {
    this.#items = new Int32Array(capacity);
    this.#priorities = new Float64Array(capacity);
    this.#ties = new Float64Array(capacity);
    this.#places = new Int32Array(capacity).fill(-1);
  }

  get size(): number {
    return this.#size;
  }

  /** The item of the highest priority, or -1. */
  get top(): number {
    return this.#size > 0 ? (this.#items[0] as number) : -1;
  }

  get topPriority(): number {
    return this.#priorities[0] as number;
  }

  has(item: number): boolean {
    return item < this.#places.length && (this.#places[item] as number) >= 0;
  }

  /** Inserts the item, or moves it to its new priority. */
  set(item: number, priority: number, tie: number): void {
    if (item >= this.#places.length) this.#growPlaces(item + 1);
    let place = this.#places[item] as number;
    if (place < 0) {
      if (this.#size === this.#items.length) this.#grow();
      place = this.#size++;
    }
    const parent = (place - 1) >> 1;
    if (place > 0 && this.#before(priority, tie, parent)) this.#up(place, item, priority, tie);
    else this.#down(place, item, priority, tie);
  }

  /** Takes out the item of the highest priority; -1 when empty. */
  pop(): number {
    const item = this.top;
    if (item >= 0) this.remove(item);
    return item;
  }

  remove(item: number): void {
    if (!this.has(item)) return;
    const place = this.#places[item] as number;
    this.#places[item] = -1;
    const last = --this.#size;
    if (place === last) return;
    const moved = this.#items[last] as number;
    const priority = this.#priorities[last] as number;
    const tie = this.#ties[last] as number;
    const parent = (place - 1) >> 1;
    if (place > 0 && this.#before(priority, tie, parent)) this.#up(place, moved, priority, tie);
    else this.#down(place, moved, priority, tie);
  }

  /** Does (priority, tie) stand before the entry at `place`? */
  #before(priority: number, tie: number, place: number): boolean {
    const other = this.#priorities[place] as number;
    return priority > other || (priority === other && tie < (this.#ties[place] as number));
  }

  #up(from: number, item: number, priority: number, tie: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!this.#before(priority, tie, parent)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, item, priority, tie);
  }

  #down(from: number, item: number, priority: number, tie: number): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (
        child + 1 < this.#size &&
        this.#before(this.#priorities[child + 1] as number, this.#ties[child + 1] as number, child)
      ) {
        child++;
      }
      if (this.#before(priority, tie, child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, item, priority, tie);
  }

  #move(from: number, to: number): void {
    const item = this.#items[from] as number;
    this.#items[to] = item;
    this.#priorities[to] = this.#priorities[from] as number;
    this.#ties[to] = this.#ties[from] as number;
    this.#places[item] = to;
  }

  #put(place: number, item: number, priority: number, tie: number): void {
    this.#items[place] = item;
    this.#priorities[place] = priority;
    this.#ties[place] = tie;
    this.#places[item] = place;
  }

  #grow(): void {
    const capacity = this.#items.length * 2;
    this.#items = enlarge(this.#items, new Int32Array(capacity));
    this.#priorities = enlarge(this.#priorities, new Float64Array(capacity));
    this.#ties = enlarge(this.#ties, new Float64Array(capacity));
  }

  #growPlaces(least: number): void {
    const places = new Int32Array(Math.max(least, this.#places.length * 2)).fill(-1);
    this.#places = enlarge(this.#places, places);
  }
}

function enlarge<A extends Int32Array | Float64Array>(from: A, to: A): A {
  (to as Float64Array).set(from as Float64Array);
  return to;
}
