/**
 * Beam search over a batch of sources, with length normalisation; beam width 1 is greedy decoding.
 *
 * All live hypotheses of all sources advance together in one batch. A source is left as soon as no
 * live hypothesis can beat its finished ones: a log-probability only falls, so the best score that a
 * live hypothesis can still reach is bounded (`canImprove`), and stopping there cannot change the result. Cost per step: rows * vocabSize.
 */
import { checkInteger, checkNumber } from "@seq/core";
import type { DecodingLimits, Hypothesis, StepDecoder } from "./step-decoder.types.ts";

export interface BeamSearchOptions extends DecodingLimits {
  /** Hypotheses kept per source; 1 is greedy. */
  readonly beamWidth: number;
  /**
   * α of the length penalty ((5 + length) / 6)^α (Wu et al. 2016, eq. 14). 0 ranks by log-probability.
   */
  readonly lengthPenalty?: number;
}

/** A hypothesis in the making: a linked list from the last id back to the first. */
interface Node {
  readonly id: number;
  readonly previous: Node | undefined;
  readonly logProb: number;
  readonly length: number;
  readonly attention: Float32Array | undefined;
}

/** A live hypothesis and the row of the last step's batch that holds its state. */
interface Live {
  readonly node: Node;
  readonly row: number;
}

/** The search of one source. */
interface Beam {
  readonly maxLength: number;
  readonly live: readonly Live[];
  readonly finished: readonly Hypothesis[];
}

/** A continuation of a live hypothesis, before it is known whether it is kept. */
interface Candidate {
  readonly from: Live;
  readonly id: number;
  readonly logProb: number;
}

/**
 * @param decoder - gives log-probabilities.
 * @param initialState - of `sources` rows; not disposed.
 * @param sources - number of sources.
 * @returns for each source its hypotheses, best first, at most `beamWidth`.
 */
export function beamSearch<State>(
  decoder: StepDecoder<State>,
  initialState: State,
  sources: number,
  options: BeamSearchOptions,
): Hypothesis[][] {
  const rules = checkRules(options);
  const beams = Array.from({ length: sources }, (_, i) => firstBeam(i, options));
  let state = initialState;
  let rowsOfState = sources;
  for (;;) {
    const live = beams.flatMap((beam) => beam.live);
    if (live.length === 0) break;
    const rows = Int32Array.from(live, ({ row }) => row);
    const ready = isIdentity(rows, rowsOfState) ? state : decoder.selectRows(state, rows);
    const previous = Int32Array.from(live, ({ node }) => node.id);
    const { logProbs, attention, state: next } = decoder.step(previous, ready);

    if (ready !== state) decoder.disposeState(ready);
    if (state !== initialState) decoder.disposeState(state);
    state = next;
    rowsOfState = live.length;

    let row = 0;
    beams.forEach((beam, i) => {
      const moved = beam.live.map(({ node }) => ({ node, row: row++ }));
      if (moved.length > 0) {
        beams[i] = advance({ ...beam, live: moved }, logProbs, attention, rowsOfState, rules);
      }
    });
  }
  if (state !== initialState) decoder.disposeState(state);
  return beams.map(({ finished }) => finished.slice(0, rules.width));
}

interface Rules {
  readonly width: number;
  readonly endId: number;
  /** By what a log-probability is divided to compare hypotheses of different lengths. */
  readonly penalty: (length: number) => number;
}

function checkRules(options: BeamSearchOptions): Rules {
  const width = checkInteger("beamSearch", "beamWidth", options.beamWidth, { min: 1 });
  const alpha = checkNumber("beamSearch", "lengthPenalty", options.lengthPenalty ?? 0, { min: 0 });
  return { width, endId: options.endId, penalty: (length) => ((5 + length) / 6) ** alpha };
}

function firstBeam(row: number, { beginId, maxLength: limit }: BeamSearchOptions): Beam {
  const maxLength = typeof limit === "number" ? limit : (limit[row] as number);
  checkInteger("beamSearch", "maxLength", maxLength, { min: 1 });
  const root = { id: beginId, previous: undefined, logProb: 0, length: 0, attention: undefined };
  return { maxLength, live: [{ node: root, row }], finished: [] };
}

/** One step of one source: continues, finishes and drops hypotheses. */
function advance(
  beam: Beam,
  logProbs: Float32Array,
  attention: Float32Array | undefined,
  rows: number,
  rules: Rules,
): Beam {
  const vocabSize = logProbs.length / rows;
  const sourceTime = (attention?.length ?? 0) / rows;
  const live: Live[] = [];
  const finished = [...beam.finished];
  // Twice the width: at most `width` of the candidates end, so `width` live ones are always left.
  bestCandidates(beam.live, logProbs, vocabSize, 2 * rules.width).forEach((candidate, rank) => {
    const { from, id, logProb } = candidate;
    const ended = id === rules.endId;
    if (ended ? rank >= rules.width : live.length >= rules.width) return;
    const node: Node = {
      id,
      previous: from.node,
      logProb,
      length: from.node.length + 1,
      attention: attention?.slice(from.row * sourceTime, (from.row + 1) * sourceTime),
    };
    if (ended || node.length >= beam.maxLength) finished.push(finish(node, ended, rules));
    else live.push({ node, row: from.row });
  });
  finished.sort((a, b) => b.score - a.score);
  return { ...beam, finished, live: canImprove(live, finished, beam.maxLength, rules) ? live : [] };
}

/** The best continuations over all live hypotheses, best first; ties go to the lower row, then id. */
function bestCandidates(
  live: readonly Live[],
  logProbs: Float32Array,
  vocabSize: number,
  count: number,
): Candidate[] {
  const best: Candidate[] = [];
  for (const from of live) {
    const base = from.row * vocabSize;
    for (let id = 0; id < vocabSize; id++) {
      const logProb = from.node.logProb + (logProbs[base + id] as number);
      if (best.length === count && !(logProb > (best[count - 1] as Candidate).logProb)) continue;
      let place = best.length;
      while (place > 0 && (best[place - 1] as Candidate).logProb < logProb) place--;
      best.splice(place, 0, { from, id, logProb });
      if (best.length > count) best.pop();
    }
  }
  return best;
}

/** Whether any live hypothesis can still enter the best `width` of a source. */
function canImprove(
  live: readonly Live[],
  finished: readonly Hypothesis[],
  maxLength: number,
  { width, penalty }: Rules,
): boolean {
  if (live.length === 0) return false;
  if (finished.length < width) return true;
  const toBeat = (finished[width - 1] as Hypothesis).score;
  // Log-probabilities are negative and only fall; the longest hypothesis has the mildest divisor.
  return live.some(({ node }) => node.logProb / penalty(maxLength) > toBeat);
}

function finish(last: Node, ended: boolean, { penalty }: Rules): Hypothesis {
  const ids: number[] = [];
  const attention: Float32Array[] = [];
  for (let node: Node | undefined = last; node?.previous !== undefined; node = node.previous) {
    ids.unshift(node.id);
    if (node.attention !== undefined) attention.unshift(node.attention);
  }
  if (ended) ids.pop();
  const score = last.logProb / penalty(last.length);
  const hypothesis = { ids, logProb: last.logProb, score, ended };
  return attention.length > 0 ? { ...hypothesis, attention } : hypothesis;
}

function isIdentity(rows: Int32Array, total: number): boolean {
  return rows.length === total && rows.every((row, i) => row === i);
}
