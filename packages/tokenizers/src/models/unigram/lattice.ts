/**
 * The lattice of all segmentations of a word: n-best by A* from the end with exact heuristics, and
 * sampling by forward filtering, backward sampling (Kudo 2018, section 3.2). Clear rather than fast.
 */
import { checkNumber, type Rng } from "@seq/core";

export interface LatticeNode {
  readonly begin: number;
  readonly end: number;
  readonly id: number;
  /** Log-probability, nats. */
  readonly score: number;
}

export interface Segmentation {
  readonly nodes: readonly LatticeNode[];
  /** Sum of the nodes' scores, nats. */
  readonly score: number;
}

export class Lattice {
  readonly length: number;
  readonly #beginningAt: LatticeNode[][];
  readonly #endingAt: LatticeNode[][];

  /** @param length - of the word, bytes. */
  constructor(length: number) {
    this.length = length;
    this.#beginningAt = Array.from({ length: length + 1 }, () => []);
    this.#endingAt = Array.from({ length: length + 1 }, () => []);
  }

  add(begin: number, end: number, id: number, score: number): void {
    const node = { begin, end, id, score };
    (this.#beginningAt[begin] as LatticeNode[]).push(node);
    (this.#endingAt[end] as LatticeNode[]).push(node);
  }

  /** All nodes by begin, for traces. */
  nodes(): LatticeNode[] {
    return this.#beginningAt.flat();
  }

  /** The best segmentations, best first; fewer when there are not so many. */
  nBest(count: number): Segmentation[] {
    const ahead = this.#bestFromStart();
    const found: Segmentation[] = [];
    const agenda = new Agenda();
    agenda.push({
      at: this.length,
      score: 0,
      total: ahead[this.length] as number,
      path: undefined,
    });
    while (agenda.size > 0 && found.length < count) {
      const state = agenda.pop();
      if (state.at === 0) {
        found.push(toSegmentation(state));
        continue;
      }
      for (const node of this.#endingAt[state.at] as LatticeNode[]) {
        const reach = ahead[node.begin] as number;
        if (reach === Number.NEGATIVE_INFINITY) continue;
        const score = state.score + node.score;
        const path = { node, after: state.path };
        agenda.push({ at: node.begin, score, total: score + reach, path });
      }
    }
    return found;
  }

  /** One segmentation, drawn with probability proportional to exp(alpha * score). */
  sample(alpha: number, rng: Rng): Segmentation {
    checkNumber("Lattice.sample", "alpha", alpha, { min: 0 });
    const sums = this.#logSums(alpha);
    const nodes: LatticeNode[] = [];
    let at = this.length;
    let score = 0;
    while (at > 0) {
      const choices = this.#endingAt[at] as LatticeNode[];
      const total = sums[at] as number;
      let draw = rng.uniform();
      let chosen = choices[choices.length - 1] as LatticeNode;
      for (const node of choices) {
        draw -= Math.exp((sums[node.begin] as number) + alpha * node.score - total);
        if (draw < 0) {
          chosen = node;
          break;
        }
      }
      nodes.push(chosen);
      score += chosen.score;
      at = chosen.begin;
    }
    return { nodes: nodes.reverse(), score };
  }

  /** The same among the best `count` segmentations only. */
  sampleOfBest(count: number, alpha: number, rng: Rng): Segmentation {
    const best = this.nBest(count);
    const top = best[0]?.score ?? 0;
    const weights = best.map(({ score }) => Math.exp(alpha * (score - top)));
    let draw = rng.uniform() * weights.reduce((a, b) => a + b, 0);
    for (let i = 0; i < best.length; i++) {
      draw -= weights[i] as number;
      if (draw < 0) return best[i] as Segmentation;
    }
    return best[best.length - 1] as Segmentation;
  }

  /** log of the sum over all segmentations of exp(alpha * score): the partition function. */
  logSum(alpha = 1): number {
    return this.#logSums(alpha)[this.length] as number;
  }

  #bestFromStart(): Float64Array {
    const best = new Float64Array(this.length + 1).fill(Number.NEGATIVE_INFINITY);
    best[0] = 0;
    for (let end = 1; end <= this.length; end++) {
      for (const node of this.#endingAt[end] as LatticeNode[]) {
        best[end] = Math.max(best[end] as number, (best[node.begin] as number) + node.score);
      }
    }
    return best;
  }

  #logSums(alpha: number): Float64Array {
    const sums = new Float64Array(this.length + 1).fill(Number.NEGATIVE_INFINITY);
    sums[0] = 0;
    for (let end = 1; end <= this.length; end++) {
      for (const node of this.#endingAt[end] as LatticeNode[]) {
        const term = (sums[node.begin] as number) + alpha * node.score;
        sums[end] = logAdd(sums[end] as number, term);
      }
    }
    return sums;
  }
}

function logAdd(a: number, b: number): number {
  if (a === Number.NEGATIVE_INFINITY) return b;
  if (b === Number.NEGATIVE_INFINITY) return a;
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

interface Path {
  readonly node: LatticeNode;
  readonly after: Path | undefined;
}

interface SearchState {
  readonly at: number;
  readonly score: number;
  readonly total: number; // score so far + best possible rest
  readonly path: Path | undefined;
}

function toSegmentation(state: SearchState): Segmentation {
  const nodes: LatticeNode[] = [];
  for (let step = state.path; step !== undefined; step = step.after) nodes.push(step.node);
  return { nodes, score: state.score };
}

/** A heap of search states, greatest total first. */
class Agenda {
  #items: SearchState[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(state: SearchState): void {
    const items = this.#items;
    let i = items.length;
    items.push(state);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if ((items[parent] as SearchState).total >= state.total) break;
      items[i] = items[parent] as SearchState;
      i = parent;
    }
    items[i] = state;
  }

  pop(): SearchState {
    const items = this.#items;
    const top = items[0] as SearchState;
    const last = items.pop() as SearchState;
    if (items.length === 0) return top;
    let i = 0;
    for (let child = 1; child < items.length; child = 2 * i + 1) {
      const right = items[child + 1];
      if (right !== undefined && right.total > (items[child] as SearchState).total) child++;
      if ((items[child] as SearchState).total <= last.total) break;
      items[i] = items[child] as SearchState;
      i = child;
    }
    items[i] = last;
    return top;
  }
}
