/** Writes n-gram models in the ARPA format, as lmplz does: log10, `<s>` with probability 0. */
import { OptionError } from "@seq/core";
import type { NgramModel } from "./ngram-model.ts";
import { ngramsOf } from "./trie.ts";

/**
 * The ARPA file in pieces of about a thousand lines, for writing to disk as they come.
 *
 * Each n-gram is a line `log10 P <tab> words <tab> log10 backoff`, numbers in the fewest digits that give the same
 * float32 again. Contexts without a probability of their own get the one that they back off to: the file means the same.
 *
 * @param tokens - word of each id. Default: those of the model's vocabulary.
 * @throws {OptionError} `NO_TOKENS`, `NOT_ARPA`
 */
export function* arpaChunks(
  model: NgramModel,
  tokens: readonly string[] | undefined = model.vocabulary?.tokens,
): Generator<string> {
  if (tokens === undefined) {
    throw new OptionError(
      "arpaChunks: the model was made from ids and knows no words; give `tokens`, the word of each id.",
      { code: "NO_TOKENS" },
    );
  }
  if (model.missingBackoff !== 0) {
    throw new OptionError(
      `arpaChunks: a ${model.method} model weighs unseen contexts, which an ARPA file cannot say; write a model of another method.`,
      { code: "NOT_ARPA", details: { method: model.method } },
    );
  }
  const { levels } = model.trie;
  const word = (id: number): string => (id === model.beginId ? "<s>" : tokens[id]!);
  yield `\\data\\\n${levels.map((level) => `ngram ${level.order}=${level.length}`).join("\n")}\n`;
  for (const level of levels) {
    yield `\n\\${level.order}-grams:\n`;
    let lines: string[] = [];
    for (const { index, words } of ngramsOf(model.trie, level.order)) {
      const own = level.logProbs[index]!;
      const logProb = Number.isNaN(own) ? backedOff(model, words) : own;
      const text = Array.from(words, word).join(" ");
      const backoff = level.order < model.order ? `\t${shortest(level.backoffs[index]!)}` : "";
      lines.push(`${shortest(logProb)}\t${text}${backoff}\n`);
      if (lines.length === 1000) {
        yield lines.join("");
        lines = [];
      }
    }
    yield lines.join("");
  }
  yield "\n\\end\\\n";
}

/** The whole ARPA file as one string; for large models write `arpaChunks` one by one. */
export function formatArpa(model: NgramModel, tokens?: readonly string[]): string {
  return [...arpaChunks(model, tokens ?? model.vocabulary?.tokens)].join("");
}

function backedOff(model: NgramModel, words: Int32Array): number {
  const state = new Int32Array(model.stateSize).fill(-1);
  state[0] = 0;
  let last = 0;
  for (const id of words) last = model.step(state, 0, id);
  return last;
}

/** The shortest decimal that reads back as the same float32: at most 9 digits. -Infinity is written -99, as SRILM does. */
function shortest(value: number): string {
  if (value === Number.NEGATIVE_INFINITY) return "-99";
  for (let digits = 7; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number(value.toPrecision(9)));
}
