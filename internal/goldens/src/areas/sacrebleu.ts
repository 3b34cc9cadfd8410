/** sacreBLEU: corpus and sentence BLEU, chrF, TER, tokenizers, paired significance tests. */
import {
  Bleu,
  type BleuSmoothing,
  type BleuTokenizer,
  Chrf,
  compareSystems,
  NumpyRandom,
  scoreCorpus,
  sentenceBleu,
  Ter,
  tokenizeForBleu,
  tokenizeTercom,
} from "@seq/eval";
import { Checks, differenceOfLists, differenceOfNumbers } from "../check.ts";
import type { Area, OracleFile, Verdict } from "../types.ts";

const tolerance = 1e-6;

// biome-ignore lint/suspicious/noExplicitAny: oracle files are read as they come.
type Json = any;

function bleuOptions(c: Json) {
  return {
    tokenize: c.tokenize as BleuTokenizer,
    smoothing: c.smooth_method as BleuSmoothing,
    ...(c.smooth_value === null ? {} : { smoothingValue: c.smooth_value as number }),
    effectiveOrder: c.effective_order as boolean,
    lowercase: (c.lowercase ?? false) as boolean,
    maxOrder: (c.max_ngram_order ?? 4) as number,
  };
}

function chrfOptions(c: Json) {
  return {
    charOrder: c.char_order as number,
    wordOrder: c.word_order as number,
    beta: c.beta as number,
    lowercase: c.lowercase as boolean,
    whitespace: c.whitespace as boolean,
    epsilonSmoothing: c.eps_smoothing as boolean,
  };
}

/** Ours is the reference's plus a mark of ours in the version field. */
function differenceOfSignatures(got: string, expected: string | undefined): string | undefined {
  if (expected === undefined || got.startsWith(`${expected}+seq.`)) return undefined;
  return `signature is ${got}, expected ${expected}+seq...`;
}

function bleuDifference(set: Json, c: Json): string | undefined {
  const score = scoreCorpus(new Bleu(bleuOptions(c)), set.hyp, set.refs);
  return (
    differenceOfNumbers("score", [score.value], [c.score], tolerance) ??
    differenceOfNumbers("bp", [score.brevityPenalty], [c.bp], tolerance) ??
    differenceOfLists("counts", score.counts.map(Math.trunc), c.counts) ??
    differenceOfLists("totals", score.totals.map(Math.trunc), c.totals) ??
    differenceOfNumbers("precisions", score.precisions, c.precisions, tolerance) ??
    differenceOfLists(
      "lengths",
      [score.hypothesisLength, score.referenceLength],
      [c.sys_len, c.ref_len],
    ) ??
    differenceOfSignatures(score.signature, c.signature) ??
    (c.text === undefined
      ? undefined
      : differenceOfLists("text", [`BLEU = ${score.value.toFixed(2)} ${score.verbose}`], [c.text]))
  );
}

function ownReferences(set: Json, segment: number): string[] {
  return set.refs.map((stream: Json) => stream[segment]).filter((text: unknown) => text !== null);
}

function bleuSentenceDifference(set: Json, c: Json): string | undefined {
  const scores = set.hyp.map(
    (hypothesis: string, i: number) =>
      sentenceBleu(hypothesis, ownReferences(set, i), bleuOptions(c)).value,
  );
  return differenceOfNumbers("scores", scores, c.scores, tolerance);
}

function chrfDifference(set: Json, c: Json): string | undefined {
  const metric = new Chrf(chrfOptions(c));
  const score = scoreCorpus(metric, set.hyp, set.refs);
  const sentences = set.hyp.map(
    (hypothesis: string, i: number) =>
      metric.score(metric.statistics(hypothesis, ownReferences(set, i))).value,
  );
  return (
    differenceOfNumbers("score", [score.value], [c.score], tolerance) ??
    differenceOfNumbers("sentence", sentences, c.sentence, tolerance) ??
    differenceOfSignatures(score.signature, c.signature) ??
    differenceOfLists("text", [`${score.name} = ${score.value.toFixed(2)}`], [c.text])
  );
}

function terOptions(c: Json) {
  return {
    normalized: c.normalized as boolean,
    noPunctuation: c.no_punct as boolean,
    asianSupport: c.asian_support as boolean,
    caseSensitive: c.case_sensitive as boolean,
  };
}

function terDifference(set: Json, c: Json): string | undefined {
  const metric = new Ter(terOptions(c));
  const score = scoreCorpus(metric, set.hyp, set.refs);
  const corpus =
    differenceOfNumbers("score", [score.value], [c.score], tolerance) ??
    differenceOfNumbers("ref_length", [score.referenceLength], [c.ref_length], tolerance) ??
    differenceOfLists("num_edits", [score.edits], [c.num_edits]) ??
    differenceOfSignatures(score.signature, c.signature);
  if (corpus !== undefined) return corpus;
  for (const [i, expected] of c.sentence.entries()) {
    const own = metric.score(metric.statistics(set.hyp[i], ownReferences(set, i)));
    const difference = differenceOfNumbers(
      `segment ${i} [score, num_edits, ref_length]`,
      [own.value, own.edits, own.referenceLength],
      [expected.score, expected.num_edits, expected.ref_length],
      tolerance,
    );
    if (difference !== undefined) return difference;
  }
  return undefined;
}

async function runSets(
  file: OracleFile,
  difference: (set: Json, c: Json) => string | undefined,
): Promise<Verdict> {
  const checks = new Checks();
  for (const set of file.json.sets) {
    for (const [i, c] of set.cases.entries()) {
      await checks.run(`${set.name} case ${i}`, () => difference(set, c));
    }
  }
  return checks.verdict();
}

async function runTokenizers(file: OracleFile): Promise<Verdict> {
  const checks = new Checks();
  for (const [i, item] of file.json.lines.entries()) {
    await checks.run(`line ${i}`, () => {
      for (const name of ["13a", "intl", "zh"] as const) {
        const got = tokenizeForBleu(item.line, name).join(" ");
        if (got !== item[name])
          return `${name} is ${JSON.stringify(got)}, expected ${JSON.stringify(item[name])}`;
      }
      // The reference leaves white space in; BLEU splits at it.
      for (const name of ["none", "char"] as const) {
        const difference = differenceOfLists(
          name,
          tokenizeForBleu(item.line, name),
          item[name].split(/\s+/).filter((word: string) => word !== ""),
        );
        if (difference !== undefined) return difference;
      }
      return differenceOfTercom(item);
    });
  }
  return checks.verdict();
}

function differenceOfTercom(item: Json): string | undefined {
  const variants = {
    ter: { caseSensitive: true },
    ter_nopunct: { noPunctuation: true },
    ter_asian: { asianSupport: true, caseSensitive: true },
    ter_asian_nopunct: { noPunctuation: true, asianSupport: true, caseSensitive: true },
  };
  for (const [name, options] of Object.entries(variants)) {
    const got = tokenizeTercom(item.line, { normalized: true, ...options }).join(" ");
    if (got !== item[name])
      return `${name} is ${JSON.stringify(got)}, expected ${JSON.stringify(item[name])}`;
  }
  return undefined;
}

/** The stored draws must be those of our generator: then the tests below draw the same. */
function differenceOfDraws(c: Json): string | undefined {
  const random = new NumpyRandom(c.sacrebleu_seed);
  const expected: number[] = (c.resample_indices ?? c.pos_sel).flat();
  const segments = c.refs[0].length;
  const got = expected.map(() => (c.test === "bs" ? random.integer(segments) : random.bit()));
  return differenceOfLists("draws", got, expected);
}

function pairedDifference(c: Json): string | undefined {
  const systems = Object.entries(c.systems as Record<string, string[]>).map(
    ([name, hypotheses]) => ({
      name,
      hypotheses,
    }),
  );
  for (const metric of [new Bleu(), new Chrf()]) {
    const got = compareSystems(metric, systems, c.refs, {
      test: c.test === "bs" ? "bootstrap" : "randomization",
      samples: c.n_samples,
      seed: c.sacrebleu_seed,
    });
    for (const [i, expected] of c.expect[metric.name].entries()) {
      const own = got.systems[i];
      const difference =
        differenceOfLists("system", [own?.name], [expected.system]) ??
        differenceOfNumbers(
          `${metric.name} of ${expected.system} [score, p, mean, ci]`,
          [own?.score.value, own?.pValue, own?.confidence?.mean, own?.confidence?.halfWidth].map(
            orNaN,
          ),
          [expected.score, expected.p_value, expected.mean, expected.ci].map(orNaN),
          tolerance,
        );
      if (difference !== undefined) return difference;
    }
    const signature = differenceOfSignatures(got.signature, c.signatures[metric.name]);
    if (signature !== undefined) return signature;
  }
  return undefined;
}

/** What is not given (the baseline has no p-value) is NaN on both sides. */
function orNaN(value: number | null | undefined): number {
  return value ?? Number.NaN;
}

async function runPaired(file: OracleFile): Promise<Verdict> {
  const checks = new Checks();
  for (const [i, c] of file.json.cases.entries()) {
    await checks.run(`case ${i}`, () => differenceOfDraws(c) ?? pairedDifference(c));
  }
  return checks.verdict();
}

/** What the cases hold tells what the file is about. */
function runnerOf({ json }: OracleFile): ((file: OracleFile) => Promise<Verdict>) | undefined {
  if (Array.isArray(json.lines)) return runTokenizers;
  if (json.cases?.[0]?.systems !== undefined) return runPaired;
  const first = json.sets?.[0]?.cases?.[0];
  if (first === undefined) return undefined;
  if ("char_order" in first) return (file) => runSets(file, chrfDifference);
  if ("scores" in first) return (file) => runSets(file, bleuSentenceDifference);
  if ("no_punct" in first) return (file) => runSets(file, terDifference);
  if ("smooth_method" in first) return (file) => runSets(file, bleuDifference);
  return undefined;
}

export const sacrebleu: Area = {
  name: "sacrebleu",
  recognises: (file) => file.json.meta?.tool === "sacrebleu" && runnerOf(file) !== undefined,
  run: async (file) =>
    (await runnerOf(file)?.(file)) ?? { kind: "unsupported", reason: "no cases" },
};
