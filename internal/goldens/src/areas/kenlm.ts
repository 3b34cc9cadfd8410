/** KenLM: estimates each model from its corpus, compares the ARPA file entry by entry and every token's score. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  corpusFromText,
  countNgrams,
  type Discount,
  estimateKneserNey,
  formatArpa,
  kneserNeyDiscounts,
  type NgramModel,
  parseArpa,
} from "@seq/models";
import { Checks, differenceOfNumbers } from "../check.ts";
import type { Area, OracleFile, Verdict } from "../types.ts";

const tolerance = 1e-4;

interface Settings {
  readonly order: number;
  readonly prune?: readonly number[];
  readonly discountFallback?: boolean | Discount;
  readonly interpolateUnigrams?: boolean;
}

/** lmplz's arguments as options. */
function settings(order: number, args: readonly string[]): Settings {
  const found: Record<string, readonly string[]> = {};
  let name = "";
  for (const arg of args) {
    if (arg.startsWith("--")) found[(name = arg)] = [];
    else found[name] = [...(found[name] ?? []), arg];
  }
  const fallback = found["--discount_fallback"]?.map(Number);
  return {
    order,
    ...(found["--prune"] && { prune: found["--prune"].map(Number) }),
    ...(fallback && {
      discountFallback: fallback.length > 0 ? (fallback as unknown as Discount) : true,
    }),
    ...(found["--interpolate_unigrams"]?.[0] === "0" && { interpolateUnigrams: false }),
  };
}

/** An ARPA file by n-gram, read without our reader: words -> [log10 P, backoff]. */
function arpaTable(text: string): Map<string, readonly [number, number]> {
  const table = new Map<string, readonly [number, number]>();
  for (const line of text.split("\n")) {
    const [logProb, words, backoff] = line.split("\t");
    if (words !== undefined) table.set(words, [Number(logProb), Number(backoff ?? 0)]);
  }
  return table;
}

function compareArpa(checks: Checks, label: string, got: string, expected: string): void {
  const ours = arpaTable(got);
  const theirs = arpaTable(expected);
  checks.add(
    `${label}: number of n-grams`,
    ours.size === theirs.size ? undefined : `${ours.size}, expected ${theirs.size}`,
  );
  for (const [words, pair] of theirs) {
    const mine = ours.get(words);
    checks.add(
      `${label}: "${words}"`,
      mine === undefined ? "missing" : differenceOfNumbers("log10", mine, pair, tolerance),
    );
  }
}

// biome-ignore lint/suspicious/noExplicitAny: an oracle case.
function compareSentence(model: NgramModel, item: any, marks: boolean): string | undefined {
  const ids = model.vocabulary?.encode(item.sentence) ?? [];
  const tokens = model.explain(ids, { begin: marks, end: marks });
  if (tokens.length !== item.tokens.length) {
    return `${tokens.length} tokens, expected ${item.tokens.length}`;
  }
  for (const [i, token] of tokens.entries()) {
    const expected = item.tokens[i];
    if (token.ngramLength !== expected.ngram_length) {
      return `${expected.word}: n-gram length ${token.ngramLength}, expected ${expected.ngram_length}`;
    }
    if (Math.abs(token.log10Prob - expected.log10_prob) > tolerance) {
      return `${expected.word}: ${token.log10Prob}, expected ${expected.log10_prob}`;
    }
  }
  const oov = tokens.filter(({ unknown }) => unknown).length;
  if (oov !== item.oov) return `${oov} unknown words, expected ${item.oov}`;
  const total = tokens.reduce((sum, { log10Prob }) => sum + log10Prob, 0);
  return differenceOfNumbers("total_log10", [total], [item.total_log10], tolerance);
}

/** The two perplexities that `query` prints. */
// biome-ignore lint/suspicious/noExplicitAny: oracle cases.
function summary(model: NgramModel, cases: readonly any[]): number[] {
  const tokens = cases.flatMap(({ sentence }) =>
    model.explain(model.vocabulary?.encode(sentence) ?? []),
  );
  const known = tokens.filter(({ unknown }) => !unknown);
  return [tokens, known].map(
    (list) => 10 ** (-list.reduce((sum, { log10Prob }) => sum + log10Prob, 0) / list.length),
  );
}

async function run({ path, json }: OracleFile): Promise<Verdict> {
  const checks = new Checks();
  const { meta } = json;
  const corpus = corpusFromText(readFileSync(join(dirname(path), meta.corpus), "utf8"));
  const options = settings(meta.order, meta.args);
  if (meta.lmplz_failed === true) {
    await checks.run("refuses as lmplz does", () => {
      try {
        estimateKneserNey(corpus, options);
      } catch (error) {
        // lmplz: "... for 3-grams with adjusted count 4 because we didn't observe any 3-grams with adjusted count 3"
        const wanted = /for (\d+)-grams with adjusted count (\d+) because/.exec(
          json.cases[0].error[0],
        );
        const { code, message } = error as { code?: string; message: string };
        const text = `for ${wanted?.[1]}-grams with adjusted count ${wanted?.[2]} because`;
        return code === "DISCOUNTS" && message.includes(text) ? undefined : `threw ${message}`;
      }
      return "estimated a model, expected an error";
    });
    return checks.verdict();
  }
  const fallback =
    options.discountFallback === true
      ? ([0.5, 1, 1.5] as const)
      : options.discountFallback || undefined;
  const discounts = kneserNeyDiscounts(countNgrams(corpus, meta.order), fallback);
  const model = estimateKneserNey(corpus, options);
  for (const expected of meta.discounts) {
    checks.add(
      `discounts of order ${expected.order}`,
      differenceOfNumbers(
        "D",
        [...(discounts[expected.order - 1] ?? []), model.counts[expected.order - 1] as number],
        [expected.D1, expected.D2, expected["D3+"], expected.ngrams_after_prune],
        1e-5,
      ),
    );
  }
  const arpa = readFileSync(join(dirname(path), meta.arpa), "utf8");
  compareArpa(checks, "estimated", formatArpa(model), arpa);
  const read = parseArpa(arpa, meta.arpa);
  compareArpa(checks, "read and written", formatArpa(read), arpa);
  for (const [name, candidate] of [
    ["estimated", model],
    ["read", read],
  ] as const) {
    for (const item of json.cases) {
      checks.add(`${name}: ${item.sentence}`, compareSentence(candidate, item, true));
    }
    for (const item of json.cases_without_bos_eos ?? []) {
      checks.add(`${name}, no marks: ${item.sentence}`, compareSentence(candidate, item, false));
    }
    const expected = [
      meta.summary.perplexity_including_oovs,
      meta.summary.perplexity_excluding_oovs,
    ];
    checks.add(
      `${name}: perplexities`,
      differenceOfNumbers("perplexity", summary(candidate, json.cases), expected, tolerance),
    );
  }
  return checks.verdict();
}

export const kenlm: Area = {
  name: "kenlm",
  recognises: ({ json }) => String(json.meta?.tool).startsWith("kenlm"),
  run,
};
