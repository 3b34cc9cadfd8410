/**
 * Many independent generations on one loaded model. Each session holds one row of one stream; a step advances all of
 * them in one batch, those still reading their prompt beside those that generate, so sessions may come and go at any
 * time. What a session generates does not depend on the others.
 */
import { checkInteger, OptionError, SeqError } from "@seq/core";
import type { LanguageModel, LanguageModelStream } from "../language-model/language-model.types.ts";
import { checkId } from "../language-model/queries.ts";
import { endsWith } from "./ends-with.ts";
import type {
  Generated,
  GenerationContext,
  GenerationRequest,
  LogitsProcessor,
  StopReason,
} from "./generate.types.ts";
import { processorsOf } from "./processors.ts";
import { Sampler } from "./sampler.ts";

/** Receives each id as it is generated; an end id is not reported. */
export type TokenListener = (id: number, logProb: number) => void;

interface Session extends GenerationContext {
  readonly row: number;
  readonly request: GenerationRequest;
  readonly sampler: Sampler;
  readonly processors: readonly LogitsProcessor[];
  readonly stopIds: readonly number[];
  readonly onToken: TokenListener | undefined;
  readonly onEnd: (result: Generated) => void;
  length: number;
  /** Ids that the stream has seen. */
  read: number;
  logProb: number;
}

export class GenerationPool {
  readonly #model: LanguageModel;
  readonly #stream: LanguageModelStream;
  readonly #sessions: (Session | undefined)[];
  readonly #table: Float32Array;
  readonly #rows: Float32Array[];
  readonly #scores: Float32Array;
  readonly #next: Int32Array;

  /** @param rows - how many sessions fit at once. */
  constructor(model: LanguageModel, { rows }: { readonly rows: number }) {
    checkInteger("GenerationPool", "rows", rows, { min: 1 });
    const { vocabSize } = model;
    this.#model = model;
    this.#stream = model.stream(rows);
    this.#sessions = new Array(rows).fill(undefined);
    this.#table = new Float32Array(rows * vocabSize);
    this.#rows = this.#sessions.map((_, row) =>
      this.#table.subarray(row * vocabSize, (row + 1) * vocabSize),
    );
    this.#scores = new Float32Array(vocabSize);
    this.#next = new Int32Array(rows);
  }

  /** Sessions that are not finished. */
  get active(): number {
    return this.#sessions.filter((session) => session !== undefined).length;
  }

  /**
   * Starts a session in a free row.
   *
   * @param onEnd - receives the result in the step that ends it; the row is free then.
   * @throws {SeqError} `POOL_FULL`
   * @throws {OptionError | VocabularyError} for the request.
   */
  add(
    request: GenerationRequest,
    onEnd: (result: Generated) => void,
    onToken?: TokenListener,
  ): void {
    const row = this.#sessions.indexOf(undefined);
    if (row < 0) {
      throw new SeqError(
        `GenerationPool: all ${this.#sessions.length} rows are taken; wait for a session to end, or make a pool with more rows.`,
        { code: "POOL_FULL" },
      );
    }
    this.#sessions[row] = openSession(this.#model, request, row, onEnd, onToken);
    this.#stream.reset(row);
  }

  /** Feeds or generates one id in every session. Returns the number of sessions left. */
  step(): number {
    if (
      this.#sessions.some((session) => session !== undefined && session.read === session.length)
    ) {
      this.#stream.logProbs(this.#table);
    }
    let left = 0;
    for (let row = 0; row < this.#sessions.length; row++) {
      const session = this.#sessions[row];
      this.#next[row] = -1;
      if (session === undefined) continue;
      if (session.read === session.length) {
        const reason = this.#generate(session, this.#rows[row]!);
        if (reason !== undefined) {
          this.#sessions[row] = undefined;
          session.onEnd(resultOf(session, reason));
          continue;
        }
      }
      this.#next[row] = session.ids[session.read++]!;
      left++;
    }
    if (left > 0) this.#stream.advance(this.#next);
    return left;
  }

  /** Chooses the session's next id; returns why it ends, if it does. */
  #generate(session: Session, logProbs: Float32Array): StopReason | undefined {
    const { request, promptLength, stopIds } = session;
    const generated = session.length - promptLength;
    if (generated === request.maxNewTokens) return "length";
    let id = request.forcedPrefix?.[generated];
    if (id === undefined) {
      let scores = logProbs;
      if (session.processors.length > 0) {
        scores = this.#scores;
        scores.set(logProbs);
        for (const process of session.processors) process(scores, session);
      }
      id = session.sampler.choose(scores, request.rng);
      if (id < 0) return "nothing-allowed";
    }
    session.logProb += logProbs[id]!;
    if (stopIds.includes(id)) return "end";
    (session.ids as Int32Array)[session.length++] = id;
    session.onToken?.(id, logProbs[id]!);
    if (endsWith(session.ids, session.length, promptLength, request.stopSequences))
      return "stop-sequence";
    return undefined;
  }

  dispose(): void {
    this.#stream.dispose();
  }
}

function openSession(
  model: LanguageModel,
  request: GenerationRequest,
  row: number,
  onEnd: (result: Generated) => void,
  onToken: TokenListener | undefined,
): Session {
  const prompt = request.prompt ?? [];
  checkInteger("generation", "maxNewTokens", request.maxNewTokens, { min: 0 });
  for (let t = 0; t < prompt.length; t++) checkId("generation: prompt", prompt[t]!, model);
  const forced = request.forcedPrefix ?? [];
  for (let t = 0; t < forced.length; t++) checkId("generation: forcedPrefix", forced[t]!, model);
  const sampler = new Sampler(model.vocabSize, request);
  if (!sampler.isGreedy && request.rng === undefined) {
    throw new OptionError(
      "generation: sampling needs rng: give new Rng(seed), or temperature 0 for greedy.",
      { code: "OPTION_RANGE", details: { option: "rng" } },
    );
  }
  const ids = new Int32Array(prompt.length + request.maxNewTokens);
  ids.set(prompt);
  return {
    row,
    request,
    sampler,
    processors: processorsOf(request),
    stopIds: request.stopIds ?? (model.endId === undefined ? [] : [model.endId]),
    onToken,
    onEnd,
    ids,
    promptLength: prompt.length,
    length: prompt.length,
    read: 0,
    logProb: 0,
  };
}

function resultOf(
  { ids, length, promptLength, logProb }: Session,
  stopReason: StopReason,
): Generated {
  return { ids: ids.slice(promptLength, length), logProb, stopReason };
}
