/** The schedule that watches a validation score. */
import { checkInteger, checkNumber, checkOneOf, checkOptions, FormatError } from "@seq/core";
import type { Schedule } from "./schedule.types.ts";

export interface PlateauOptions {
  /** What a better score is: `"lower"` (default; losses, perplexity) or `"higher"` (BLEU, accuracy). */
  readonly better?: "lower" | "higher";
  /** The rate is multiplied by it (default 0.1). */
  readonly factor?: number;
  /** Scores without improvement that are put up with (default 10). */
  readonly patience?: number;
  /** How much better counts as better (default 1e-4), as a share of the best score or in its unit. */
  readonly threshold?: number;
  readonly thresholdMode?: "relative" | "absolute";
  /** Scores after a reduction that are not counted (default 0). */
  readonly cooldown?: number;
  /** The rate never falls below it (default 0). */
  readonly minimum?: number;
}

interface PlateauState {
  /** `null` before the first score (JSON has no infinity). */
  readonly best: number | null;
  readonly badScores: number;
  readonly cooldown: number;
  readonly reductions: number;
}

/**
 * Lowers the rate when the score given to `observe` stops improving (torch's ReduceLROnPlateau).
 *
 * `plateau({ factor: 0.25, patience: 0 })` with the validation loss after each epoch is the recipe of
 * torch's word language model.
 */
export function plateau(options: PlateauOptions = {}): Schedule {
  const where = "plateau";
  checkOptions(where, options, [
    ...["better", "factor", "patience", "threshold", "thresholdMode", "cooldown", "minimum"],
  ]);
  const better = checkOneOf(where, "better", options.better ?? "lower", ["lower", "higher"]);
  const factor = checkNumber(where, "factor", options.factor ?? 0.1, { min: 0, max: 1 });
  const patience = checkInteger(where, "patience", options.patience ?? 10, { min: 0 });
  const threshold = checkNumber(where, "threshold", options.threshold ?? 1e-4, { min: 0 });
  const modes = ["relative", "absolute"] as const;
  const mode = checkOneOf(where, "thresholdMode", options.thresholdMode ?? "relative", modes);
  const cooldown = checkInteger(where, "cooldown", options.cooldown ?? 0, { min: 0 });
  const minimum = checkNumber(where, "minimum", options.minimum ?? 0, { min: 0 });
  let state: PlateauState = { best: null, badScores: 0, cooldown: 0, reductions: 0 };

  const improves = (score: number, best: number): boolean => {
    const sign = better === "lower" ? -1 : 1;
    const margin = mode === "relative" ? best * threshold : threshold;
    // Relative mode scales the best score itself, as torch does: also for negative scores.
    return better === "lower" ? score < best + sign * margin : score > best + sign * margin;
  };
  return {
    kind: "plateau",
    rate: (_moment, baseRate) => {
      let rate = baseRate;
      for (let i = 0; i < state.reductions; i++) {
        const lower = Math.max(rate * factor, minimum);
        if (rate - lower > 1e-8) rate = lower; // torch's eps: smaller changes are not made
      }
      return rate;
    },
    observe: (score) => {
      const best = state.best;
      const improved = !Number.isNaN(score) && (best === null || improves(score, best));
      let badScores = improved ? 0 : state.badScores + 1;
      let cooling = state.cooldown;
      if (cooling > 0) {
        cooling--;
        badScores = 0;
      }
      const reduce = badScores > patience;
      state = {
        best: improved ? score : best,
        badScores: reduce ? 0 : badScores,
        cooldown: reduce ? cooldown : cooling,
        reductions: state.reductions + (reduce ? 1 : 0),
      };
    },
    state: () => ({ ...state }),
    restore: (saved) => {
      state = checkState(saved);
    },
  };
}

function checkState(saved: unknown): PlateauState {
  const { best, badScores, cooldown, reductions } = (saved ?? {}) as Record<string, unknown>;
  const counts = [badScores, cooldown, reductions];
  if ((best !== null && typeof best !== "number") || !counts.every(Number.isSafeInteger)) {
    throw new FormatError(
      `plateau: expected a saved state { best, badScores, cooldown, reductions }, got ${JSON.stringify(saved)}.`,
      { code: "SCHEDULE_STATE", details: { state: saved } },
    );
  }
  return { best, badScores, cooldown, reductions } as PlateauState;
}
