/** The proposal distribution of sampled losses: Q(w) ∝ count(w)^α, drawn in O(1) by the alias method (Walker 1977). */
import { checkNumber, OptionError, type Rng } from "@seq/core";

export class NoiseDistribution {
  /** Q of each id; sums to 1. */
  readonly probs: Float64Array;
  readonly #threshold: Float64Array;
  readonly #alias: Uint32Array;

  /**
   * @param counts - of each id in training, at least 0; ids never seen count as half an occurrence, so that they too are
   *   pushed down.
   * @param power - α: 1 draws by frequency, 0 evenly (Ji et al. 2016, eq. 8; 0.75 in Mikolov et al. 2013).
   */
  constructor(counts: ArrayLike<number>, power: number) {
    checkNumber("NoiseDistribution", "power", power, { min: 0, max: 1 });
    const size = counts.length;
    if (size === 0) {
      throw new OptionError("NoiseDistribution: no counts, expected one per id.", {
        code: "OPTION_RANGE",
      });
    }
    const weights = Float64Array.from(counts, (count) => Math.max(count, 0.5) ** power);
    const total = weights.reduce((a, b) => a + b, 0);
    this.probs = weights.map((weight) => weight / total);
    this.#threshold = new Float64Array(size).fill(1);
    this.#alias = new Uint32Array(size);
    this.#build();
  }

  #build(): void {
    const size = this.probs.length;
    const scaled = this.probs.map((p) => p * size);
    const small: number[] = [];
    const large: number[] = [];
    for (let id = 0; id < size; id++) (scaled[id]! < 1 ? small : large).push(id);
    while (small.length > 0 && large.length > 0) {
      const low = small.pop()!;
      const high = large[large.length - 1]!;
      this.#threshold[low] = scaled[low]!;
      this.#alias[low] = high;
      scaled[high]! -= 1 - scaled[low]!;
      if (scaled[high]! < 1) small.push(large.pop()!);
    }
  }

  /** Draws ids with replacement. */
  draw(count: number, rng: Rng): Int32Array {
    const size = this.probs.length;
    return Int32Array.from({ length: count }, () => {
      const at = rng.integer(size);
      return rng.uniform() < this.#threshold[at]! ? at : this.#alias[at]!;
    });
  }
}
