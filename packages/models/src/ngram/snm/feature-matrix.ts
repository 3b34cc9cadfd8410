/**
 * Counts of one feature type with its targets, as sparse rows: row = a feature (some words before the target), entries
 * = the targets seen after it. Rows are found by a hash of their words, checked against the text.
 */
import { sortNgrams } from "../radix-sort.ts";
import type { FeatureType } from "./features.ts";

export class FeatureMatrix {
  readonly type: FeatureType;
  /** Entries of row i are `rowStarts[i]..rowStarts[i + 1]`. */
  readonly rowStarts: Uint32Array;
  /** Ascending within a row. */
  readonly targets: Int32Array;
  readonly counts: Uint32Array;
  /** Sum of each row. */
  readonly totals: Uint32Array;
  readonly #text: Int32Array;
  readonly #places: Int32Array; // of one target of each row in the text
  readonly #table: Int32Array; // hash -> row, -1 empty
  readonly #mask: number;

  /**
   * @param text - sentences with begin marks before them; every id below `keys`.
   * @param positions - of all targets.
   */
  constructor(
    type: FeatureType,
    text: Int32Array,
    positions: Int32Array,
    keys: number,
    beginId: number,
  ) {
    this.type = type;
    this.#text = text;
    const reach = type.offsets.at(-1) ?? 0;
    // A feature may hold one begin mark, not reach beyond it.
    const valid = reach < 2 ? positions : positions.filter((p) => text[p - reach + 1] !== beginId);
    const order = sortNgrams(text, keys, valid, [0, ...type.offsets]);
    const sorted = valid.map((_, i) => valid[order[i]!]!);
    const { rows, entries } = this.#countGroups(sorted);
    this.rowStarts = new Uint32Array(rows + 1);
    this.targets = new Int32Array(entries);
    this.counts = new Uint32Array(entries);
    this.totals = new Uint32Array(rows);
    this.#places = new Int32Array(rows);
    this.#fill(sorted);
    this.#mask = 2 ** Math.ceil(Math.log2(Math.max(2, rows * 2))) - 1;
    this.#table = new Int32Array(this.#mask + 1).fill(-1);
    this.#index();
  }

  #countGroups(sorted: Int32Array): { rows: number; entries: number } {
    let rows = 0;
    let entries = 0;
    for (let i = 0; i < sorted.length; i++) {
      const isNewRow = i === 0 || !this.#sameFeature(sorted[i - 1]!, sorted[i]!);
      if (isNewRow) rows++;
      if (isNewRow || this.#text[sorted[i - 1]!] !== this.#text[sorted[i]!]) entries++;
    }
    return { rows, entries };
  }

  #fill(sorted: Int32Array): void {
    let row = -1;
    let entry = -1;
    for (let i = 0; i < sorted.length; i++) {
      const at = sorted[i]!;
      const isNewRow = i === 0 || !this.#sameFeature(sorted[i - 1]!, at);
      if (isNewRow) {
        this.#places[++row] = at;
        this.rowStarts[row] = entry + 1;
      }
      if (isNewRow || this.#text[sorted[i - 1]!] !== this.#text[at]) {
        this.targets[++entry] = this.#text[at]!;
      }
      this.counts[entry]!++;
      this.totals[row]!++;
    }
    this.rowStarts[row + 1] = entry + 1;
  }

  #index(): void {
    for (let row = 0; row < this.totals.length; row++) {
      let slot = this.#hash(this.#text, this.#places[row]!);
      while (this.#table[slot] !== -1) slot = (slot + 1) & this.#mask;
      this.#table[slot] = row;
    }
  }

  /** The row of the feature before `position` of a text, or -1. The text must reach back far enough. */
  find(text: Int32Array, position: number): number {
    for (let slot = this.#hash(text, position); ; slot = (slot + 1) & this.#mask) {
      const row = this.#table[slot]!;
      if (row < 0) return -1;
      const place = this.#places[row]!;
      let same = true;
      for (const offset of this.type.offsets) {
        if (this.#text[place - offset] !== text[position - offset]) {
          same = false;
          break;
        }
      }
      if (same) return row;
    }
  }

  /** Count of a target in a row, 0 when it was never seen there. */
  count(row: number, target: number): number {
    let low = this.rowStarts[row]!;
    let high = this.rowStarts[row + 1]! - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.targets[middle]!;
      if (found === target) return this.counts[middle]!;
      if (found < target) low = middle + 1;
      else high = middle - 1;
    }
    return 0;
  }

  #sameFeature(a: number, b: number): boolean {
    for (const offset of this.type.offsets) {
      if (this.#text[a - offset] !== this.#text[b - offset]) return false;
    }
    return true;
  }

  #hash(text: Int32Array, position: number): number {
    let hash = 0x2545f491;
    for (const offset of this.type.offsets) {
      hash = Math.imul(hash ^ (text[position - offset]! + 1), 0x85ebca6b);
      hash ^= hash >>> 13;
    }
    return hash & this.#mask;
  }
}
