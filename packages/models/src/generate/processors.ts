/** Ready-made logits processors. */
import { checkInteger, checkNumber } from "@seq/core";
import type { ConstraintOptions, GenerationContext, LogitsProcessor } from "./generate.types.ts";

/**
 * Multiplies the log-probability of every id that stood before by `penalty` (Keskar et al. 2019, for logits below 0).
 *
 * @throws {OptionError} `OPTION_RANGE` below 1.
 */
export function repetitionPenalty(penalty: number): LogitsProcessor {
  checkNumber("repetitionPenalty", "penalty", penalty, { min: 1 });
  let seen = new Int32Array(0); // the call in which an id was last met
  let call = 0;
  return (logProbs, { ids, length }) => {
    if (seen.length < logProbs.length) seen = new Int32Array(logProbs.length);
    call++;
    for (let t = 0; t < length; t++) {
      const id = ids[t]!;
      if (seen[id] === call) continue; // each id once, however often it stands there
      seen[id] = call;
      logProbs[id]! *= penalty;
    }
  };
}

/** Forbids each id that would complete a run of n ids that stood before. */
export function noRepeatNgram(n: number): LogitsProcessor {
  checkInteger("noRepeatNgram", "n", n, { min: 1 });
  return (logProbs, { ids, length }) => {
    for (let t = 0; t + n <= length; t++) {
      let k = 0;
      while (k < n - 1 && ids[t + k] === ids[length - n + 1 + k]) k++;
      if (k === n - 1) logProbs[ids[t + n - 1]!] = Number.NEGATIVE_INFINITY;
    }
  };
}

/** Forbids everything but the ids that `allowed` names; `undefined` from it allows all. */
export function allowOnly(
  allowed: (context: GenerationContext) => ArrayLike<number> | undefined,
): LogitsProcessor {
  let kept = new Float32Array(0);
  return (logProbs, context) => {
    const list = allowed(context);
    if (list === undefined) return;
    if (kept.length < list.length) kept = new Float32Array(list.length);
    for (let i = 0; i < list.length; i++) kept[i] = logProbs[list[i]!]!;
    logProbs.fill(Number.NEGATIVE_INFINITY);
    for (let i = 0; i < list.length; i++) logProbs[list[i]!] = kept[i]!;
  };
}

/** The processors that the options ask for, in their order. */
export function processorsOf(options: ConstraintOptions): LogitsProcessor[] {
  const list: LogitsProcessor[] = [];
  if (options.repetitionPenalty !== undefined && options.repetitionPenalty !== 1) {
    list.push(repetitionPenalty(options.repetitionPenalty));
  }
  if (options.noRepeatNgram !== undefined) list.push(noRepeatNgram(options.noRepeatNgram));
  if (options.allowed !== undefined) list.push(allowOnly(options.allowed));
  return [...list, ...(options.processors ?? [])];
}
