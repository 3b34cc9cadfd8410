/**
 * Edit distance between a hypothesis and one reference, near the diagonal of the matrix only.
 *
 * Cells further than 25 words from the diagonal are not looked at, as in sacreBLEU (Tercom's beam is
 * similar). Rows stand for hypothesis words, columns for reference words. The matrix of the current
 * hypothesis is kept: a candidate that shares its first words reuses their rows.
 * Time: hypothesis words * 50; memory: hypothesis * reference words.
 */

export const insertion = 1; // a reference word that the hypothesis lacks
export const deletion = 2; // a hypothesis word too many
export const keep = 3;
export const substitution = 4;

const beamWidth = 25;
const infinite = 1 << 29;

export class BeamEditDistance {
  readonly #reference: Int32Array;
  readonly #rows: number;
  readonly #columns: number;
  readonly #cost: Int32Array; // [rows, columns] of the current hypothesis
  readonly #operation: Uint8Array;
  readonly #ratio: number;
  readonly #beam: number;
  #above: Int32Array; // two rows of a candidate
  #below: Int32Array;

  /** @param hypothesisLength - of every hypothesis that will be compared: shifts keep it. */
  constructor(reference: Int32Array, hypothesisLength: number) {
    this.#reference = reference;
    this.#rows = hypothesisLength + 1;
    this.#columns = reference.length + 1;
    this.#cost = new Int32Array(this.#rows * this.#columns).fill(infinite);
    this.#operation = new Uint8Array(this.#rows * this.#columns);
    this.#above = new Int32Array(this.#columns);
    this.#below = new Int32Array(this.#columns);
    this.#ratio = hypothesisLength > 0 ? reference.length / hypothesisLength : 1;
    // Where the lengths differ so much that rows of the beam would not overlap, it is wider.
    this.#beam = beamWidth < this.#ratio / 2 ? Math.ceil(this.#ratio / 2 + beamWidth) : beamWidth;
    for (let j = 0; j < this.#columns; j++) {
      this.#cost[j] = j;
      this.#operation[j] = insertion;
    }
  }

  /** Makes a hypothesis the current one and returns its distance. Its first `shared` words are the current ones. */
  setHypothesis(words: Int32Array, shared: number): number {
    const columns = this.#columns;
    for (let i = shared + 1; i < this.#rows; i++) {
      const row = i * columns;
      this.#cost.fill(infinite, row, row + columns);
      this.#operation.fill(0, row, row + columns);
      const end = this.#end(i);
      for (let j = this.#begin(i); j < end; j++) this.#fillCell(words, i, j);
    }
    return this.#cost[this.#rows * columns - 1]!;
  }

  /** The distance of another hypothesis whose first `shared` words are those of the current one. */
  distanceOf(words: Int32Array, shared: number): number {
    const columns = this.#columns;
    let above = this.#above;
    let below = this.#below;
    above.set(this.#cost.subarray(shared * columns, (shared + 1) * columns));
    for (let i = shared + 1; i < this.#rows; i++) {
      below.fill(infinite);
      const word = words[i - 1]!;
      const end = this.#end(i);
      for (let j = this.#begin(i); j < end; j++) {
        let best = Math.min(infinite, above[j]! + 1);
        if (j > 0) {
          const diagonal = above[j - 1]! + (word === this.#reference[j - 1] ? 0 : 1);
          best = Math.min(best, diagonal, below[j - 1]! + 1);
        }
        below[j] = best;
      }
      [above, below] = [below, above];
    }
    this.#above = above;
    this.#below = below;
    return above[columns - 1]!;
  }

  /** The operations that turn the current hypothesis into the reference, from left to right. */
  trace(): number[] {
    const operations: number[] = [];
    let i = this.#rows - 1;
    let j = this.#columns - 1;
    while (i > 0 || j > 0) {
      const operation = this.#operation[i * this.#columns + j]!;
      operations.push(operation);
      if (operation !== insertion) i--;
      if (operation !== deletion) j--;
    }
    return operations.reverse();
  }

  /** Of equal costs the first wins: keep or substitute, then delete, then insert (Tercom's order, seen from the other side). */
  #fillCell(words: Int32Array, i: number, j: number): void {
    const at = i * this.#columns + j;
    const up = at - this.#columns;
    let best = infinite;
    let operation = 0;
    if (j > 0) {
      const same = words[i - 1] === this.#reference[j - 1];
      const cost = this.#cost[up - 1]! + (same ? 0 : 1);
      if (cost < best) {
        best = cost;
        operation = same ? keep : substitution;
      }
    }
    if (this.#cost[up]! + 1 < best) {
      best = this.#cost[up]! + 1;
      operation = deletion;
    }
    if (j > 0 && this.#cost[at - 1]! + 1 < best) {
      best = this.#cost[at - 1]! + 1;
      operation = insertion;
    }
    this.#cost[at] = best;
    this.#operation[at] = operation;
  }

  #begin(row: number): number {
    return Math.max(0, Math.floor(row * this.#ratio) - this.#beam);
  }

  #end(row: number): number {
    if (row === this.#rows - 1) return this.#columns;
    return Math.min(this.#columns, Math.floor(row * this.#ratio) + this.#beam);
  }
}
