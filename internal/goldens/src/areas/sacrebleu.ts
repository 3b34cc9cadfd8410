/** sacreBLEU: corpus and sentence BLEU, chrF, TER, tokenizers, paired significance tests. */
import {
  Bleu,
  type BleuSmoothing,
  type BleuTokenizer,
  Chrf,
  scoreCorpus,
  sentenceBleu,
  tokenizeForBleu,
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
      return undefined;
    });
  }
  return checks.verdict();
}

/** What the cases hold tells what the file is about. */
function runnerOf({ json }: OracleFile): ((file: OracleFile) => Promise<Verdict>) | undefined {
  if (Array.isArray(json.lines)) return runTokenizers;
  const first = json.sets?.[0]?.cases?.[0];
  if (first === undefined) return undefined;
  if ("char_order" in first) return (file) => runSets(file, chrfDifference);
  if ("scores" in first) return (file) => runSets(file, bleuSentenceDifference);
  if ("smooth_method" in first) return (file) => runSets(file, bleuDifference);
  return undefined;
}

export const sacrebleu: Area = {
  name: "sacrebleu",
  recognises: (file) => file.json.meta?.tool === "sacrebleu" && runnerOf(file) !== undefined,
  run: async (file) =>
    (await runnerOf(file)?.(file)) ?? { kind: "unsupported", reason: "no cases" },
};
