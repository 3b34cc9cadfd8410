/**
 * Is one system better than another, or just luckier on this test set? Bootstrap confidence intervals, the
 * paired bootstrap, and approximate randomization, as sacreBLEU 2.6.0 runs them; with its seed (12345 unless
 * told) also its random draws, so its p-values.
 *
 * Time: samples * segments additions of a few numbers; the text is counted once per system.
 *
 * @see Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation"; Riezler & Maxwell 2005;
 *   Clark et al. 2011 (multeval).
 */
import { checkInteger, checkOneOf, checkOptions, OptionError, type Score } from "@seq/core";
import { corpusStatistics, type References, type TextMetric } from "../corpus.ts";
import { NumpyRandom } from "./numpy-random.ts";
import {
  resampledScores,
  type ScoringMetric,
  type StatisticsTable,
  scoreOfTable,
  statisticsTable,
  swappedDifferences,
} from "./resample.ts";

/** Mean of the resamples, and the 95 % interval around it. */
export interface Confidence {
  readonly mean: number;
  /** Half the width of the interval: sacreBLEU's "± 1.23". */
  readonly halfWidth: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  /** Number of resamples. Default 1000. */
  readonly samples?: number;
  /** Default 12345. */
  readonly seed?: number;
}

const maxSeed = Number.MAX_SAFE_INTEGER;

/**
 * The confidence interval of one system's score.
 *
 * @param rows - statistics per segment, from `corpusStatistics` or any metric's `statistics`.
 * @throws {OptionError} for options out of range; {ShapeError} `SEGMENT_COUNT` without rows.
 * @example bootstrapConfidence(metric, corpusStatistics(metric, hypotheses, references)).halfWidth
 */
export function bootstrapConfidence(
  metric: ScoringMetric,
  rows: readonly Float64Array[],
  options: BootstrapOptions = {},
): Confidence {
  checkOptions("bootstrapConfidence", options, ["samples", "seed"]);
  const { samples, seed } = checkDraws("bootstrapConfidence", options, 1000);
  const table = statisticsTable(rows);
  const indices = drawIndices(new NumpyRandom(seed), samples, table.segments);
  return confidenceOf(resampledScores(metric, table, indices));
}

export interface ComparisonOptions {
  /** `"bootstrap"`: paired bootstrap. `"randomization"`: approximate randomization, which assumes less. Default the second, as sacreBLEU. */
  readonly test?: "bootstrap" | "randomization";
  /** Default 1000 resamples or 10,000 random swaps. */
  readonly samples?: number;
  readonly seed?: number;
  /** For randomization: also bootstrap confidence intervals from that many resamples. Default 0, none. */
  readonly confidenceSamples?: number;
}

export interface System {
  readonly name: string;
  readonly hypotheses: readonly string[];
}

export interface ComparedSystem {
  readonly name: string;
  readonly score: Score;
  /** Of the difference to the baseline; absent for the baseline. Small: unlikely to be luck. */
  readonly pValue?: number;
  readonly confidence?: Confidence;
}

export interface Comparison {
  /** With the test, its samples and its seed: `"nrefs:1|bs:1000|seed:12345|case:..."`. */
  readonly signature: string;
  /** The baseline first. */
  readonly systems: readonly ComparedSystem[];
}

/**
 * Compares systems with the first, the baseline, on the same segments.
 *
 * A system compared with itself gets the smallest p-value there is: an observed difference of 0 is never
 * exceeded. That is the reference tool's rule too; look at the difference before its p-value.
 *
 * @throws {OptionError} `TOO_FEW_SYSTEMS` with fewer than two systems.
 * @throws as `scoreCorpus` when the numbers of segments differ.
 */
export function compareSystems(
  metric: TextMetric,
  systems: readonly System[],
  references: References,
  options: ComparisonOptions = {},
): Comparison {
  checkOptions("compareSystems", options, ["test", "samples", "seed", "confidenceSamples"]);
  const test = checkOneOf("compareSystems", "test", options.test ?? "randomization", [
    "bootstrap",
    "randomization",
  ]);
  const { samples, seed } = checkDraws(
    "compareSystems",
    options,
    test === "bootstrap" ? 1000 : 10_000,
  );
  const confidenceSamples = checkConfidence(test, options.confidenceSamples);
  if (systems.length < 2) {
    throw new OptionError(
      `compareSystems: ${systems.length} systems, expected a baseline and at least one other.`,
      { code: "TOO_FEW_SYSTEMS" },
    );
  }
  const tables = systems.map(({ hypotheses }) =>
    statisticsTable(corpusStatistics(metric, hypotheses, references)),
  );
  const scores = tables.map((table) => scoreOfTable(metric, table));
  const run = test === "bootstrap" ? pairedBootstrap : randomization;
  const results = run(metric, tables, scores, { samples, seed, confidenceSamples });
  const fields =
    test === "bootstrap"
      ? `bs:${samples}|seed:${seed}`
      : `${confidenceSamples > 0 ? `bs:${confidenceSamples}|` : ""}ar:${samples}|seed:${seed}`;
  return {
    // After the number of references, where the reference tool puts them.
    signature: (scores[0] as Score).signature.replace(/^nrefs:[^|]*/, `$&|${fields}`),
    systems: systems.map(({ name }, i) => ({ name, score: scores[i] as Score, ...results[i] })),
  };
}

interface Draws {
  readonly samples: number;
  readonly seed: number;
  readonly confidenceSamples: number;
}

type Result = Pick<ComparedSystem, "pValue" | "confidence">;

function pairedBootstrap(
  metric: ScoringMetric,
  tables: readonly StatisticsTable[],
  scores: readonly Score[],
  { samples, seed }: Draws,
): Result[] {
  const segments = (tables[0] as StatisticsTable).segments;
  const indices = drawIndices(new NumpyRandom(seed), samples, segments);
  const resampled = tables.map((table) => resampledScores(metric, table, indices));
  const baseline = resampled[0] as Float64Array;
  return resampled.map((own, system) => {
    const confidence = confidenceOf(own);
    if (system === 0) return { confidence };
    const observed = Math.abs((scores[0] as Score).value - (scores[system] as Score).value);
    const differences = own.map((score, i) => Math.abs(score - baseline[i]!));
    const mean = meanOf(differences);
    return {
      confidence,
      pValue: pValueOf(
        differences.map((difference) => difference - mean),
        observed,
      ),
    };
  });
}

function randomization(
  metric: ScoringMetric,
  tables: readonly StatisticsTable[],
  scores: readonly Score[],
  { samples, seed, confidenceSamples }: Draws,
): Result[] {
  const baseline = tables[0] as StatisticsTable;
  const { segments } = baseline;
  const random = new NumpyRandom(seed);
  const keep = drawMasks(random, samples, segments);
  // The reference tool draws these for the systems after the masks, and for the baseline afresh.
  const indices = drawIndices(random, confidenceSamples, segments);
  const ofBaseline = drawIndices(new NumpyRandom(seed), confidenceSamples, segments);
  return tables.map((table, system) => {
    const drawn = system === 0 ? ofBaseline : indices;
    const confidence =
      confidenceSamples > 0
        ? { confidence: confidenceOf(resampledScores(metric, table, drawn)) }
        : {};
    if (system === 0) return confidence;
    const observed = Math.abs((scores[0] as Score).value - (scores[system] as Score).value);
    return {
      ...confidence,
      pValue: pValueOf(swappedDifferences(metric, baseline, table, keep), observed),
    };
  });
}

/** Which segments each resample holds: [samples, segments]. */
export function drawIndices(random: NumpyRandom, samples: number, segments: number): Uint32Array {
  const indices = new Uint32Array(samples * segments);
  for (let i = 0; i < indices.length; i++) indices[i] = random.integer(segments);
  return indices;
}

/** 1 where a segment stays with its system: [samples, segments]. */
export function drawMasks(random: NumpyRandom, samples: number, segments: number): Uint8Array {
  const masks = new Uint8Array(samples * segments);
  random.startBits();
  for (let i = 0; i < masks.length; i++) masks[i] = random.bit();
  return masks;
}

/** The share of samples above the observed difference, one added to both so that it is never 0. */
function pValueOf(differences: Float64Array, observed: number): number {
  let above = 0;
  for (const difference of differences) if (difference > observed) above++;
  return (above + 1) / (differences.length + 1);
}

function confidenceOf(scores: Float64Array): Confidence {
  const sorted = scores.slice().sort();
  const cut = Math.floor(sorted.length / 40); // 2.5 % on each side
  const low = sorted[cut]!;
  const high = sorted[sorted.length - 1 - cut]!;
  return { mean: meanOf(scores), halfWidth: 0.5 * (high - low), low, high };
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function checkDraws(where: string, options: BootstrapOptions, standard: number) {
  return {
    samples: checkInteger(where, "samples", options.samples ?? standard, { min: 2 }),
    seed: checkInteger(where, "seed", options.seed ?? 12345, { min: 0, max: maxSeed }),
  };
}

function checkConfidence(test: "bootstrap" | "randomization", samples: number | undefined): number {
  if (test === "bootstrap" && samples !== undefined) {
    throw new OptionError(
      'compareSystems: confidenceSamples belongs to test "randomization"; the bootstrap gives intervals from its own samples.',
      { code: "OPTION_CONFLICT" },
    );
  }
  return checkInteger("compareSystems", "confidenceSamples", samples ?? 0, { min: 0 });
}
