/**
 * Translation edits with shifts: moving a run of words costs 1, as much as one word inserted, deleted or
 * replaced. Finding the best sequence of shifts is NP-hard; like Tercom we take the best single shift, again
 * and again, while it pays, among runs of at most 10 words that stand elsewhere in the reference and at most
 * 50 words away, and look at no more than about 1000 candidates per segment.
 *
 * @see Snover et al. 2006, "A Study of Translation Edit Rate with Targeted Human Annotation", algorithm 1.
 */
import { BeamEditDistance, deletion, insertion, keep } from "./beam-edit-distance.ts";

const maxShiftLength = 10;
const maxShiftDistance = 50;
const maxCandidates = 1000;

/** Edits, shifts included, from hypothesis to reference; words are numbers. */
export function countEdits(hypothesis: Int32Array, reference: Int32Array): number {
  if (reference.length === 0) return hypothesis.length;
  const distance = new BeamEditDistance(reference, hypothesis.length);
  let words = hypothesis;
  let edits = distance.setHypothesis(words, 0);
  let shifts = 0;
  const budget = { candidates: 0 };
  while (true) {
    const shift = bestShift(words, reference, edits, distance, budget);
    // A search cut short is not used: so does the reference implementation.
    if (budget.candidates >= maxCandidates || shift === undefined || shift.gain <= 0) break;
    words = shifted(words, shift);
    edits = distance.setHypothesis(words, Math.min(shift.start, shift.target));
    shifts++;
  }
  return edits + shifts;
}

/** Words start..start+length move before what stands at `target`. */
interface Shift {
  readonly gain: number;
  readonly start: number;
  readonly length: number;
  readonly target: number;
}

function bestShift(
  words: Int32Array,
  reference: Int32Array,
  edits: number,
  distance: BeamEditDistance,
  budget: { candidates: number },
): Shift | undefined {
  const { position, referenceErrors, hypothesisErrors } = align(distance.trace(), words, reference);
  let best: Shift | undefined;
  for (const [start, at, length] of commonRuns(words, reference)) {
    // Both sides must be wrong as they are, and the run must come from outside its place.
    if (hypothesisErrors[start + length] === hypothesisErrors[start]) continue;
    if (referenceErrors[at + length] === referenceErrors[at]) continue;
    const place = position[at]!;
    if (start <= place && place < start + length) continue;
    let previous = -1;
    for (let offset = -1; offset < length; offset++) {
      const target = at + offset === -1 ? 0 : position[at + offset]! + 1;
      if (target === previous) continue;
      previous = target;
      const candidate = { start, length, target };
      const moved = shifted(words, candidate);
      const gain = edits - distance.distanceOf(moved, Math.min(start, target));
      budget.candidates++;
      if (best === undefined || isBetter({ gain, ...candidate }, best))
        best = { gain, ...candidate };
    }
    if (budget.candidates >= maxCandidates) break;
  }
  return best;
}

/** Higher gain, then longer, then from further left, then to further left. */
function isBetter(a: Shift, b: Shift): boolean {
  if (a.gain !== b.gain) return a.gain > b.gain;
  if (a.length !== b.length) return a.length > b.length;
  if (a.start !== b.start) return a.start < b.start;
  return a.target < b.target;
}

/** Where hypothesis and reference hold the same words: all runs, as [hypothesis begin, reference begin, length]. */
function* commonRuns(
  words: Int32Array,
  reference: Int32Array,
): Generator<readonly [number, number, number]> {
  for (let start = 0; start < words.length; start++) {
    const from = Math.max(0, start - maxShiftDistance);
    const to = Math.min(reference.length, start + maxShiftDistance + 1);
    for (let at = from; at < to; at++) {
      const room = Math.min(maxShiftLength, words.length - start, reference.length - at);
      for (let length = 1; length <= room; length++) {
        if (words[start + length - 1] !== reference[at + length - 1]) break;
        yield [start, at, length];
      }
    }
  }
}

interface Alignment {
  /** Per reference word: the last hypothesis word that stands at or before it, -1 for none. */
  readonly position: Int32Array;
  /** Errors among the first n words, so that a run has errors when its two ends differ. */
  readonly referenceErrors: Int32Array;
  readonly hypothesisErrors: Int32Array;
}

function align(trace: readonly number[], words: Int32Array, reference: Int32Array): Alignment {
  const position = new Int32Array(reference.length);
  const referenceErrors = new Int32Array(reference.length + 1);
  const hypothesisErrors = new Int32Array(words.length + 1);
  let i = 0; // hypothesis words passed
  let j = 0; // reference words passed
  for (const operation of trace) {
    const error = operation === keep ? 0 : 1;
    if (operation !== insertion) {
      hypothesisErrors[i + 1] = hypothesisErrors[i]! + error;
      i++;
    }
    if (operation !== deletion) {
      referenceErrors[j + 1] = referenceErrors[j]! + error;
      position[j] = i - 1;
      j++;
    }
  }
  return { position, referenceErrors, hypothesisErrors };
}

function shifted(words: Int32Array, shift: Omit<Shift, "gain">): Int32Array {
  const { start, length, target } = shift;
  const end = start + length;
  const out = new Int32Array(words.length);
  const run = words.subarray(start, end);
  if (target < start) {
    out.set(words.subarray(0, target));
    out.set(run, target);
    out.set(words.subarray(target, start), target + length);
    out.set(words.subarray(end), end);
    return out;
  }
  // A target inside the run counts from the run's begin among the words after it.
  const stop = target > end ? target : Math.min(words.length, length + target);
  out.set(words.subarray(0, start));
  out.set(words.subarray(end, stop), start);
  out.set(run, start + stop - end);
  out.set(words.subarray(stop), stop);
  return out;
}
