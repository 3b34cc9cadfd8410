/** A language model with its tokenizer: text in, probabilities and text out. */

import type { Rng } from "@seq/core";
import { checkInteger, OptionError } from "@seq/core";
import {
  generateTokens,
  type NextToken,
  NgramModel,
  type SavedLanguageModel,
  type StopReason,
  topK,
} from "@seq/models";
import type { DecodeStream, Tokenizer } from "@seq/tokenizers";
import { endIdOf, lineIds, linesOf, runningIds, unknownToken } from "./units.ts";

/** How well a model predicts a text. */
export interface TextScores {
  /** Cross-entropy, nats per token (line ends are tokens). */
  readonly nats: number;
  /** exp(nats). */
  readonly perplexity: number;
  /** exp(-log P / (words + lines)): comparable between tokenizers. */
  readonly wordPerplexity: number;
  /** -log2 P / characters (Unicode code points, newlines among them). */
  readonly bitsPerCharacter: number;
  /** -log2 P / UTF-8 bytes. */
  readonly bitsPerByte: number;
  /** log P of the text, nats. */
  readonly logProb: number;
  readonly tokens: number;
  readonly words: number;
  readonly lines: number;
  readonly characters: number;
  readonly bytes: number;
  /** Tokens that are the unknown token. */
  readonly unknown: number;
}

export interface TextGenerationOptions {
  readonly prompt?: string;
  readonly maxTokens: number;
  /** Stop at the end of the line. Default false: lines go on, as newlines. */
  readonly oneLine?: boolean;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly repetitionPenalty?: number;
  readonly noRepeatNgram?: number;
  /** Required unless temperature is 0. */
  readonly rng?: Rng;
  readonly signal?: AbortSignal;
}

/** Text is cut into this many stretches that are scored side by side, each from its own beginning. */
const evaluationRows = 10;

export class TextLanguageModel {
  readonly model: SavedLanguageModel;
  readonly tokenizer: Tokenizer;
  readonly endId: number;

  /** @param parts - owned from now on. */
  constructor({ model, tokenizer }: { model: SavedLanguageModel; tokenizer: Tokenizer }) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.endId = endIdOf(tokenizer);
  }

  /** log P of each line with its end, nats, each from the beginning. */
  score(lines: readonly string[]): number[] {
    const scores = this.model.score(lines.map((line) => lineIds(this.tokenizer, line)));
    return scores.map(({ logProb }) => logProb);
  }

  /**
   * Scores a text. An n-gram model reads line by line; the others read on over line ends (in ten stretches, side by
   * side, when the text is long).
   *
   * @throws {OptionError} `EMPTY_CORPUS`
   */
  evaluate(text: string): TextScores {
    const lines = linesOf(text);
    if (lines.length === 0) {
      throw new OptionError("evaluate: the text is empty, expected at least one line.", {
        code: "EMPTY_CORPUS",
      });
    }
    const ids = runningIds(this.tokenizer, lines);
    const unknownId = this.tokenizer.tokenToId(unknownToken);
    const logProb = this.#logProbOf(lines, ids);
    const words = lines.reduce((sum, line) => sum + (line.match(/\S+/g)?.length ?? 0), 0);
    const characters = lines.reduce((sum, line) => sum + [...line].length + 1, 0);
    const bytes = lines.reduce((sum, line) => sum + new TextEncoder().encode(line).length + 1, 0);
    return {
      nats: -logProb / ids.length,
      perplexity: Math.exp(-logProb / ids.length),
      wordPerplexity: Math.exp(-logProb / (words + lines.length)),
      bitsPerCharacter: -logProb / Math.LN2 / characters,
      bitsPerByte: -logProb / Math.LN2 / bytes,
      logProb,
      tokens: ids.length,
      words,
      lines: lines.length,
      characters,
      bytes,
      unknown: unknownId === undefined ? 0 : ids.filter((id) => id === unknownId).length,
    };
  }

  #logProbOf(lines: readonly string[], ids: Int32Array): number {
    const sum = (total: number, value: number): number => total + value;
    if (this.model instanceof NgramModel) return this.score(lines).reduce(sum, 0);
    const rows = ids.length < 2000 ? 1 : evaluationRows;
    const length = Math.ceil(ids.length / rows);
    const parts = Array.from({ length: rows }, (_, row) =>
      ids.subarray(row * length, (row + 1) * length),
    );
    return this.model
      .score(parts, { end: false })
      .map(({ logProb }) => logProb)
      .reduce(sum, 0);
  }

  /** The k most probable tokens after a prefix, best first; the line's end is shown as a newline. */
  topK(prefix: string, k: number): (NextToken & { readonly text: string })[] {
    checkInteger("topK", "k", k, { min: 1 });
    return topK(this.model, this.#promptIds(prefix), k).map((next) => ({
      ...next,
      text: next.id === this.endId ? "\n" : (this.tokenizer.idToToken(next.id) ?? ""),
    }));
  }

  /** Continues a prompt; see `stream`. */
  generate(options: TextGenerationOptions): { text: string; stopReason: StopReason } {
    const stream = this.stream(options);
    let text = "";
    let step = stream.next();
    for (; !step.done; step = stream.next()) text += step.value;
    return { text, stopReason: step.value };
  }

  /** Continues a prompt, part by part; a part never ends inside a character. Returns why it ended. */
  *stream(options: TextGenerationOptions): Generator<string, StopReason> {
    const { prompt = "", maxTokens, oneLine = false, ...sampling } = options;
    checkInteger("generate", "maxTokens", maxTokens, { min: 0 });
    let ids: ArrayLike<number> = this.#promptIds(prompt);
    let line = prompt.slice(prompt.lastIndexOf("\n") + 1); // what its first generated word joins on to
    // An n-gram model begins each line anew; the others read over line ends.
    const endsLines = oneLine || this.model instanceof NgramModel;
    for (let left = maxTokens; ; ) {
      const decoder = new LineDecoder(this.tokenizer, lineIds(this.tokenizer, line));
      const tokens = generateTokens(this.model, {
        prompts: [ids],
        maxNewTokens: left,
        stopIds: endsLines ? [this.endId] : [],
        ...sampling,
      });
      let step = tokens.next();
      for (; !step.done; step = tokens.next()) {
        left--;
        const isEnd = step.value.id === this.endId;
        const part = isEnd ? `${decoder.flush()}\n` : decoder.push(step.value.id);
        if (part !== "") yield part;
      }
      const rest = decoder.flush();
      if (rest !== "") yield rest;
      const { stopReason } = step.value[0]!;
      if (stopReason !== "end" || oneLine) return stopReason;
      yield "\n";
      if (--left <= 0) return "length";
      ids = [];
      line = "";
    }
  }

  /** Ids of a prompt; for an n-gram model only those of its last line, as it sees no other. */
  #promptIds(prompt: string): Int32Array {
    const lines = prompt.split("\n");
    const last = lineIds(this.tokenizer, lines.pop()!);
    if (this.model instanceof NgramModel) return Int32Array.from(last);
    return Int32Array.from([...runningIds(this.tokenizer, lines), ...last]);
  }

  dispose(): void {
    if (!(this.model instanceof NgramModel)) this.model.dispose();
  }
}

/** Decodes what follows the begin of a line, in its context: the space between two words belongs to the second. */
class LineDecoder {
  readonly #stream: DecodeStream;
  #skip: number; // characters of the begin that have yet to come out

  constructor(tokenizer: Tokenizer, begin: Uint32Array) {
    this.#stream = tokenizer.decodeStream();
    this.#skip = tokenizer.decode(begin).length;
    for (const id of begin) this.#rest(this.#stream.push(id));
  }

  push(id: number): string {
    return this.#rest(this.#stream.push(id));
  }

  flush(): string {
    return this.#rest(this.#stream.flush());
  }

  #rest(text: string): string {
    const skipped = Math.min(this.#skip, text.length);
    this.#skip -= skipped;
    return text.slice(skipped);
  }
}
