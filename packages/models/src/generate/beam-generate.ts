/**
 * Beam search over a language model: keeps the `beamWidth` most probable sequences at each step.
 * All live sequences advance in one batch; finished ones compete by log P / ((5 + length) / 6)^α.
 */
import { checkInteger, checkNumber, checkOptions } from "@seq/core";
import type { LanguageModel, LanguageModelStream } from "../language-model/language-model.types.ts";
import { checkId, largest } from "../language-model/queries.ts";
import { endsWith } from "./ends-with.ts";
import type {
  ConstraintOptions,
  Generated,
  LogitsProcessor,
  StopOptions,
} from "./generate.types.ts";
import { processorsOf } from "./processors.ts";

export interface BeamGenerateOptions extends ConstraintOptions, StopOptions {
  readonly prompt?: ArrayLike<number>;
  /** Sequences kept at each step; 1 is greedy. */
  readonly beamWidth: number;
  /** α of the length penalty (Wu et al. 2016, eq. 14); 0 ranks by log-probability alone. Default 0. */
  readonly lengthPenalty?: number;
}

/** A sequence in the making. */
interface Beam {
  readonly ids: Int32Array; // prompt and generated
  readonly logProb: number; // of the model alone
  readonly score: number; // with the processors' changes
}

/** A sequence that ended, with the value it is ranked by. */
interface Ended extends Generated {
  readonly value: number;
}

const known = [
  "prompt", "beamWidth", "lengthPenalty", "maxNewTokens", "stopIds", "stopSequences", "repetitionPenalty",
  "noRepeatNgram", "allowed", "forcedPrefix", "processors",
]; // biome-ignore format: a list

/** @returns the finished sequences, best first, at most `beamWidth`. */
export function beamGenerate(model: LanguageModel, options: BeamGenerateOptions): Generated[] {
  checkOptions("beamGenerate", options, known);
  const prompt = options.prompt ?? [];
  checkInteger("beamGenerate", "maxNewTokens", options.maxNewTokens, { min: 0 });
  checkNumber("beamGenerate", "lengthPenalty", options.lengthPenalty ?? 0, { min: 0 });
  const width = checkInteger("beamGenerate", "beamWidth", options.beamWidth, { min: 1 });
  for (let t = 0; t < prompt.length; t++) checkId("beamGenerate: prompt", prompt[t]!, model);
  const stream = model.stream(width);
  try {
    return new BeamSearch(model, stream, options).run();
  } finally {
    stream.dispose();
  }
}

class BeamSearch {
  readonly #stream: LanguageModelStream;
  readonly #options: BeamGenerateOptions;
  readonly #width: number;
  readonly #vocabSize: number;
  readonly #promptLength: number;
  readonly #stopIds: readonly number[];
  readonly #processors: readonly LogitsProcessor[];
  readonly #table: Float32Array;
  readonly #feed: Int32Array;
  readonly #sources: Int32Array;
  #live: Beam[];
  #ended: Ended[] = [];

  constructor(model: LanguageModel, stream: LanguageModelStream, options: BeamGenerateOptions) {
    const prompt = Int32Array.from(options.prompt ?? []);
    this.#stream = stream;
    this.#options = options;
    this.#width = options.beamWidth;
    this.#vocabSize = model.vocabSize;
    this.#promptLength = prompt.length;
    this.#stopIds = options.stopIds ?? (model.endId === undefined ? [] : [model.endId]);
    this.#processors = processorsOf(options);
    this.#table = new Float32Array(this.#width * model.vocabSize);
    this.#feed = new Int32Array(this.#width);
    this.#sources = new Int32Array(this.#width);
    this.#live = [{ ids: prompt, logProb: 0, score: 0 }];
  }

  run(): Generated[] {
    const [first] = this.#live;
    for (const id of first!.ids) this.#stream.advance(this.#feed.fill(id));
    const { maxNewTokens } = this.#options;
    for (let step = 0; step < maxNewTokens; step++) {
      this.#live = this.#extend(step);
      this.#ended.sort((a, b) => b.value - a.value).splice(this.#width);
      if (this.#live.length === 0 || this.#isDecided()) break;
      this.#stream.select(this.#sources);
      this.#stream.advance(this.#feed);
    }
    if (!this.#isDecided()) for (const beam of this.#live) this.#end(beam, "length", maxNewTokens);
    this.#ended.sort((a, b) => b.value - a.value);
    return this.#ended.slice(0, this.#width).map(({ value: _, ...result }) => result);
  }

  /** The best continuations of the live sequences; those that end go to the ended ones. */
  #extend(step: number): Beam[] {
    this.#stream.logProbs(this.#table);
    const totals = this.#totals(step);
    const next: Beam[] = [];
    // Each live sequence can end once per stop id, so this many candidates are sure to fill the beam.
    for (const index of largest(totals, this.#width * (1 + this.#stopIds.length))) {
      if (totals[index] === Number.NEGATIVE_INFINITY || next.length === this.#width) break;
      const row = Math.floor(index / this.#vocabSize);
      const id = index - row * this.#vocabSize;
      const { ids, logProb } = this.#live[row]!;
      const scored = { logProb: logProb + this.#table[index]!, score: totals[index]! };
      if (this.#stopIds.includes(id)) {
        this.#end({ ids, ...scored }, "end", step + 1);
        continue;
      }
      const beam = { ids: append(ids, id), ...scored };
      if (endsWith(beam.ids, beam.ids.length, this.#promptLength, this.#options.stopSequences)) {
        this.#end(beam, "stop-sequence", step + 1);
        continue;
      }
      this.#sources[next.length] = row;
      this.#feed[next.length] = id;
      next.push(beam);
    }
    for (let row = next.length; row < this.#width; row++) this.#feed[row] = -1;
    return next;
  }

  /** Score of every continuation, `[live, vocabSize]`. */
  #totals(step: number): Float64Array {
    const vocabSize = this.#vocabSize;
    const forced = this.#options.forcedPrefix?.[step];
    const totals = new Float64Array(this.#live.length * vocabSize).fill(Number.NEGATIVE_INFINITY);
    this.#live.forEach(({ ids, score }, row) => {
      const at = row * vocabSize;
      if (forced !== undefined) {
        totals[at + forced] = score + Math.max(this.#table[at + forced]!, -1e30); // also when it has probability 0
        return;
      }
      const scores = this.#table.slice(at, at + vocabSize);
      const context = { ids, length: ids.length, promptLength: this.#promptLength };
      for (const process of this.#processors) process(scores, context);
      for (let id = 0; id < vocabSize; id++) totals[at + id] = score + scores[id]!;
    });
    return totals;
  }

  /** True when no live sequence can still come among the best: a score only falls. */
  #isDecided(): boolean {
    if (this.#ended.length < this.#width) return false;
    const bar = this.#ended[this.#width - 1]!.value;
    const { maxNewTokens } = this.#options;
    return this.#live.every(({ score }) => this.#value(score, maxNewTokens) <= bar);
  }

  #value(score: number, length: number): number {
    return score / ((5 + Math.max(1, length)) / 6) ** (this.#options.lengthPenalty ?? 0);
  }

  #end(beam: Beam, stopReason: Generated["stopReason"], length: number): void {
    const ids = beam.ids.slice(this.#promptLength);
    const value = this.#value(beam.score, length);
    this.#ended.push({ ids, logProb: beam.logProb, stopReason, value });
  }
}

function append(ids: Int32Array, id: number): Int32Array {
  const longer = new Int32Array(ids.length + 1);
  longer.set(ids);
  longer[ids.length] = id;
  return longer;
}
