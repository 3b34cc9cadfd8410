/**
 * Which pieces to give up: those whose removal costs the least likelihood (Kudo 2018, section 3.2).
 *
 * Each piece is segmented without itself; if it went, its occurrences on the best paths would be made
 * of those parts:
 *
 *   loss(x) = f(x) (ln(f(x) / N) - Σ ln((f(y) + f(x)) / N')),   y the parts, N' = N + f(x) (parts - 1)
 *
 * with f the counts on the best paths and N their sum. An estimate, because other pieces' paths change
 * as well. Single characters stay: they make every word possible.
 */
import { log } from "../../training/portable-math.ts";
import type { PieceEdges } from "./piece-edges.ts";
import { selectGreatest } from "./seeds.ts";
import type { TrainingText } from "./training-text.ts";

export interface Pruning {
  /** Numbers of the pieces that stay, ascending. */
  readonly kept: Int32Array;
  /** Estimated fall of the log-likelihood by the pieces that go, nats. */
  readonly loss: number;
}

/**
 * Pieces on no best path cost nothing and all go, as long as `least` pieces are left.
 *
 * @param least - fewest pieces to keep, single characters included.
 * @param most - most pieces to keep.
 */
export function choosePruning(
  corpus: TrainingText,
  pieces: PieceEdges,
  probs: Float64Array,
  least: number,
  most: number,
): Pruning {
  const characters = corpus.alphabet.length;
  const scores = probs.map((p) => log(p));
  const paths = new BestPaths(corpus, pieces, scores);
  const frequencies = countOnBestPaths(corpus, pieces, paths);
  const losses = estimateLosses(pieces, paths, frequencies, characters);
  let useful = characters;
  for (let i = 0; i < losses.length; i++) if ((losses[i] as number) > 0) useful++;
  const size = Math.max(least, Math.min(most, useful));
  const chosen = selectGreatest(losses, Math.max(0, size - characters));
  const kept = new Int32Array(characters + chosen.length);
  for (let i = 0; i < characters; i++) kept[i] = i;
  let loss = losses.reduce((sum, value) => sum + value, 0);
  for (let i = 0; i < chosen.length; i++) {
    const candidate = chosen[i] as number;
    kept[characters + i] = characters + candidate;
    loss -= losses[candidate] as number;
  }
  return { kept, loss: Math.max(0, loss) };
}

/** Viterbi over stretches of the corpus; the last result stays until the next call. */
class BestPaths {
  readonly #pieces: PieceEdges;
  readonly #scores: Float64Array;
  readonly #best: Float64Array;
  /** Position -> the piece that ends there on the best path. */
  readonly #piece: Int32Array;

  constructor(corpus: TrainingText, pieces: PieceEdges, scores: Float64Array) {
    const { starts, counts } = corpus;
    let longest = pieces.maxLength;
    for (let run = 0; run < counts.length; run++) {
      longest = Math.max(longest, (starts[run + 1] as number) - (starts[run] as number));
    }
    this.#pieces = pieces;
    this.#scores = scores;
    this.#best = new Float64Array(longest + 1);
    this.#piece = new Int32Array(longest + 1);
  }

  /** Finds the best path over [begin, begin + length) that does not use `excluded` (-1: none). */
  find(begin: number, length: number, excluded: number): void {
    const { begins, edges, lengths } = this.#pieces;
    const best = this.#best;
    best.fill(Number.NEGATIVE_INFINITY, 0, length + 1);
    best[0] = 0;
    for (let i = 0; i < length; i++) {
      const reach = best[i] as number;
      const last = begins[begin + i + 1] as number;
      for (let e = begins[begin + i] as number; e < last; e++) {
        const piece = edges[e] as number;
        const j = i + (lengths[piece] as number);
        if (j > length || piece === excluded) continue;
        const score = reach + (this.#scores[piece] as number);
        if (score > (best[j] as number)) {
          best[j] = score;
          this.#piece[j] = piece;
        }
      }
    }
  }

  score(length: number): number {
    return this.#best[length] as number;
  }

  /** The pieces of the path, from the last to the first. */
  forEach(length: number, callback: (piece: number) => void): void {
    for (let j = length; j > 0; ) {
      const piece = this.#piece[j] as number;
      callback(piece);
      j -= this.#pieces.lengths[piece] as number;
    }
  }
}

function countOnBestPaths(
  { starts, counts }: TrainingText,
  pieces: PieceEdges,
  paths: BestPaths,
): Float64Array {
  const frequencies = new Float64Array(pieces.pieces);
  let count = 0;
  const add = (piece: number) => {
    frequencies[piece] = (frequencies[piece] as number) + count;
  };
  for (let run = 0; run < counts.length; run++) {
    const begin = starts[run] as number;
    const length = (starts[run + 1] as number) - begin;
    count = counts[run] as number;
    paths.find(begin, length, -1);
    paths.forEach(length, add);
  }
  return frequencies;
}

/** Loss of each piece beyond the characters; 0 where a piece is on no best path. */
function estimateLosses(
  pieces: PieceEdges,
  paths: BestPaths,
  frequencies: Float64Array,
  characters: number,
): Float64Array {
  const losses = new Float64Array(pieces.pieces - characters);
  const total = frequencies.reduce((sum, f) => sum + f, 0);
  for (let i = 0; i < losses.length; i++) {
    const piece = characters + i;
    const frequency = frequencies[piece] as number;
    if (frequency === 0) continue;
    const length = pieces.lengths[piece] as number;
    paths.find(pieces.places[piece] as number, length, piece);
    let parts = 0;
    let logs = 0;
    paths.forEach(length, (part) => {
      parts++;
      logs += log((frequencies[part] as number) + frequency);
    });
    const newTotal = log(total + frequency * (parts - 1));
    losses[i] = frequency * (log(frequency / total) - (logs - parts * newTotal));
  }
  return losses;
}
