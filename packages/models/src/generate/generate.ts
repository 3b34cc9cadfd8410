import { checkOptions, type Rng } from "@seq/core";
import type { LanguageModel } from "../language-model/language-model.types.ts";
import type { Generated, GenerationRequest } from "./generate.types.ts";
import { GenerationPool } from "./generation-pool.ts";

export interface GenerateOptions extends Omit<GenerationRequest, "prompt" | "rng"> {
  /** One sequence is generated for each. Default: one, from the beginning. */
  readonly prompts?: readonly ArrayLike<number>[];
  /** Each prompt draws from its own split of it, so a sequence does not depend on those after it. */
  readonly rng?: Rng;
  readonly signal?: AbortSignal;
}

const known = [
  "prompts", "rng", "signal", "maxNewTokens", "temperature", "topK", "topP", "stopIds", "stopSequences",
  "repetitionPenalty", "noRepeatNgram", "allowed", "forcedPrefix", "processors",
]; // biome-ignore format: a list

/**
 * Autoregressive generation: the chosen id is the next input, until an end id, a stop rule or the length.
 *
 * @returns one result per prompt, in their order.
 * @throws {OptionError | VocabularyError}
 * @example generate(model, { prompts: [encode("To be")], maxNewTokens: 40, topP: 0.9, rng: new Rng(7) })
 */
export function generate(model: LanguageModel, options: GenerateOptions): Generated[] {
  const { prompts, results, pool } = start(model, options);
  try {
    while (pool.step() > 0) options.signal?.throwIfAborted();
  } finally {
    pool.dispose();
  }
  return prompts.map((_, i) => results[i]!);
}

/** One generated id. */
export interface GeneratedToken {
  /** Which prompt it continues. */
  readonly row: number;
  readonly id: number;
  /** Nats, under the model alone. */
  readonly logProb: number;
}

/**
 * The same, id by id as they are chosen; returns the results at the end. Leaving the loop early frees the stream.
 *
 * @example for (const { id } of generateTokens(model, options)) show(id);
 */
export function* generateTokens(
  model: LanguageModel,
  options: GenerateOptions,
): Generator<GeneratedToken, Generated[]> {
  const waiting: GeneratedToken[] = [];
  const { prompts, results, pool } = start(model, options, (row, id, logProb) => {
    waiting.push({ row, id, logProb });
  });
  try {
    for (let left = 1; left > 0; ) {
      options.signal?.throwIfAborted();
      left = pool.step();
      yield* waiting.splice(0);
    }
  } finally {
    pool.dispose();
  }
  return prompts.map((_, i) => results[i]!);
}

function start(
  model: LanguageModel,
  options: GenerateOptions,
  onToken?: (row: number, id: number, logProb: number) => void,
) {
  checkOptions("generate", options, known);
  const { prompts = [[]], rng, signal: _, ...request } = options;
  const results: Generated[] = [];
  const pool = new GenerationPool(model, { rows: Math.max(1, prompts.length) });
  prompts.forEach((prompt, row) => {
    pool.add(
      { ...request, prompt, ...(rng && { rng: rng.split() }) },
      (result) => {
        results[row] = result;
      },
      onToken && ((id, logProb) => onToken(row, id, logProb)),
    );
  });
  return { prompts, results, pool };
}
