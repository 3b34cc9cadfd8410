/** A trained translator: text in, text out. */
import { checkInteger, checkNumber, checkOptions, OptionError } from "@seq/core";
import { beamSearch, type EncoderDecoder, type Hypothesis } from "@seq/models";
import type { Tokenizer } from "@seq/tokenizers";
import { padSequences } from "@seq/train";
import { encodeSource, specialId } from "./pieces.ts";

export interface TranslateOptions {
  /** Hypotheses followed at once; 1 is greedy. Default 5. */
  readonly beamWidth?: number;
  /** α of Wu et al. 2016, eq. 14; higher favours longer translations. Default 0.6. */
  readonly lengthPenalty?: number;
  /** Translations returned per line, at most `beamWidth`. Default 1. */
  readonly nBest?: number;
  /** Lines translated together. Default 32. */
  readonly batchSize?: number;
}

/** One translation of one line. */
export interface Translation {
  readonly text: string;
  /** Sum of the pieces' log-probabilities, in nats. */
  readonly logProb: number;
  /** `logProb` over the length penalty: what translations are ranked by. */
  readonly score: number;
  /** False when the longest allowed translation did not reach an end. */
  readonly ended: boolean;
  /** Which source pieces each target piece looked at. */
  readonly attention: {
    readonly sourcePieces: readonly string[];
    readonly targetPieces: readonly string[];
    /** One row per target piece, one column per source piece; rows add up to 1. */
    readonly weights: readonly (readonly number[])[];
  };
}

const optionNames = ["beamWidth", "lengthPenalty", "nBest", "batchSize"];
const longestSource = 1000;

export class Translator {
  /** Owned by the translator. */
  readonly model: EncoderDecoder;
  readonly sourceTokenizer: Tokenizer;
  readonly targetTokenizer: Tokenizer;

  constructor(parts: {
    readonly model: EncoderDecoder;
    readonly sourceTokenizer: Tokenizer;
    readonly targetTokenizer: Tokenizer;
  }) {
    this.model = parts.model;
    this.sourceTokenizer = parts.sourceTokenizer;
    this.targetTokenizer = parts.targetTokenizer;
  }

  /**
   * Translates lines; an empty line gives an empty translation.
   *
   * @returns for each line its `nBest` translations, best first.
   * @throws {OptionError} `LINE_TOO_LONG` for a line of more than 1,000 pieces, by number.
   */
  translate(lines: readonly string[], options: TranslateOptions = {}): Translation[][] {
    const where = "Translator.translate";
    checkOptions(where, options, optionNames);
    const beamWidth = checkInteger(where, "beamWidth", options.beamWidth ?? 5, { min: 1 });
    const nBest = checkInteger(where, "nBest", options.nBest ?? 1, { min: 1, max: beamWidth });
    const batchSize = checkInteger(where, "batchSize", options.batchSize ?? 32, { min: 1 });
    const lengthPenalty = checkNumber(where, "lengthPenalty", options.lengthPenalty ?? 0.6, {
      min: 0,
    });

    const sources = lines.map((line, i) => this.#encodeLine(where, line, i));
    const results: Translation[][] = lines.map(() => [emptyTranslation]);
    // Lines of like length share a batch, so that little of it is padding.
    const order = [...sources.keys()]
      .filter((i) => (lines[i] as string).trim() !== "")
      .sort((a, b) => (sources[a] as Int32Array).length - (sources[b] as Int32Array).length);
    for (let first = 0; first < order.length; first += batchSize) {
      const batch = order.slice(first, first + batchSize);
      const found = this.#search(
        batch.map((i) => sources[i] as Int32Array),
        { beamWidth, lengthPenalty },
      );
      batch.forEach((line, k) => {
        const hypotheses = (found[k] as Hypothesis[]).slice(0, nBest);
        const source = sources[line] as Int32Array;
        results[line] = hypotheses.map((hypothesis) => this.#translation(source, hypothesis));
      });
    }
    return results;
  }

  dispose(): void {
    this.model.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #encodeLine(where: string, line: string, index: number): Int32Array {
    const ids = encodeSource(this.sourceTokenizer, line);
    if (ids.length > longestSource) {
      throw new OptionError(
        `${where}: line ${index + 1} has ${ids.length} pieces, at most ${longestSource} are translated; split it.`,
        { code: "LINE_TOO_LONG", details: { line: index + 1, pieces: ids.length } },
      );
    }
    return ids;
  }

  #search(
    sources: readonly Int32Array[],
    options: { readonly beamWidth: number; readonly lengthPenalty: number },
  ): Hypothesis[][] {
    const state = this.model.start(padSequences(sources));
    try {
      return beamSearch(this.model, state, sources.length, {
        ...options,
        beginId: specialId(this.targetTokenizer, "begin"),
        endId: specialId(this.targetTokenizer, "end"),
        // Generous: German needs more pieces than English, and a short source may have a long name.
        maxLength: sources.map(({ length }) => 3 * length + 20),
      });
    } finally {
      this.model.disposeState(state);
    }
  }

  #translation(source: Int32Array, hypothesis: Hypothesis): Translation {
    const { ids, logProb, score, ended, attention = [] } = hypothesis;
    const pieces = (tokenizer: Tokenizer, list: Iterable<number>) =>
      Array.from(list, (id) => tokenizer.decode([id], { skipSpecialTokens: false }));
    const end = specialId(this.targetTokenizer, "end");
    return {
      text: this.targetTokenizer.decode(ids).trim(),
      logProb,
      score,
      ended,
      attention: {
        sourcePieces: pieces(this.sourceTokenizer, source),
        targetPieces: pieces(this.targetTokenizer, ended ? [...ids, end] : ids),
        weights: attention.map((row) => [...row.subarray(0, source.length)]),
      },
    };
  }
}

const emptyTranslation: Translation = {
  text: "",
  logProb: 0,
  score: 0,
  ended: true,
  attention: { sourcePieces: [], targetPieces: [], weights: [] },
};
