/** N-gram models as tensors: the trie's arrays in one safetensors file, the rest as JSON. */
import {
  FormatError,
  readSafetensors,
  type SafetensorsEntry,
  type SafetensorsInput,
  writeSafetensors,
} from "@seq/core";
import { NgramModel } from "./ngram-model.ts";
import type { TrieLevel } from "./trie.ts";
import { WordVocabulary } from "./word-vocabulary.ts";

/** What stands in the JSON beside the tensors. */
interface NgramConfig {
  readonly order: number;
  readonly vocabSize: number;
  readonly beginId: number;
  readonly endId?: number;
  readonly unknownId?: number;
  readonly normalized: boolean;
  readonly method: string;
  readonly missingBackoff: number;
  readonly tokens?: readonly string[];
}

export function ngramToTensors(model: NgramModel): { config: NgramConfig; weights: Uint8Array } {
  const { order, vocabSize, beginId, endId, unknownId, vocabulary } = model;
  const { normalized, method, missingBackoff } = model;
  const entries: [string, SafetensorsInput][] = [];
  for (const { order, words, logProbs, backoffs, childStarts } of model.trie.levels) {
    const add = (
      name: string,
      dtype: "I32" | "U32" | "F32",
      data: Int32Array | Uint32Array | Float32Array,
    ) => entries.push([`${order}.${name}`, { dtype, shape: [data.length], data }]);
    add("words", "I32", words);
    add("logProbs", "F32", logProbs);
    add("backoffs", "F32", backoffs);
    add("childStarts", "U32", childStarts);
  }
  return {
    config: {
      ...{ order, vocabSize, beginId, normalized, method, missingBackoff },
      ...(endId !== undefined && { endId }),
      ...(unknownId !== undefined && { unknownId }),
      ...(vocabulary && { tokens: vocabulary.tokens }),
    },
    weights: writeSafetensors(entries),
  };
}

/** @throws {FormatError} `NGRAM_FILE` when arrays contradict each other. */
export function ngramFromTensors(given: unknown, file: Uint8Array, where: string): NgramModel {
  const config = given as NgramConfig;
  const { order, vocabSize, beginId } = config;
  if (![order, vocabSize, beginId].every(Number.isSafeInteger) || order < 1 || order > 16) {
    throw new FormatError(
      `${where}: the config says order ${order}, vocabSize ${vocabSize}, beginId ${beginId}; expected whole numbers, order from 1 to 16.`,
      { code: "NGRAM_FILE" },
    );
  }
  const { tensors } = readSafetensors(file, where);
  const levels = Array.from({ length: order }, (_, i) => readLevel(tensors, i + 1, where));
  levels.forEach((level, i) => {
    const next = levels[i + 1];
    const fits =
      next === undefined ||
      (level.backoffs.length === level.length &&
        level.childStarts.length === level.length + 1 &&
        level.childStarts[level.length] === next.length &&
        level.childStarts.every((start, k) => k === 0 || start >= level.childStarts[k - 1]!));
    if (!fits) {
      throw new FormatError(
        `${where}: the ${i + 1}-grams and ${i + 2}-grams do not fit together.`,
        {
          code: "NGRAM_FILE",
          details: { order: i + 1 },
        },
      );
    }
  });
  return new NgramModel({
    ...config,
    vocabulary: config.tokens && new WordVocabulary(config.tokens),
    trie: { levels },
  });
}

function readLevel(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  order: number,
  where: string,
): TrieLevel {
  const buffer = (name: string): ArrayBuffer => {
    const entry = tensors.get(`${order}.${name}`);
    if (entry === undefined) {
      throw new FormatError(`${where}: "${order}.${name}" is missing.`, { code: "NGRAM_FILE" });
    }
    // Not `slice`: of a Buffer that is a view into the pool.
    return new Uint8Array(entry.bytes).buffer;
  };
  const logProbs = new Float32Array(buffer("logProbs"));
  const words = new Int32Array(buffer("words"));
  if (order > 1 && words.length !== logProbs.length) {
    throw new FormatError(
      `${where}: ${words.length} words for ${logProbs.length} probabilities of order ${order}.`,
      { code: "NGRAM_FILE", details: { order } },
    );
  }
  return {
    order,
    length: logProbs.length,
    words,
    logProbs,
    backoffs: new Float32Array(buffer("backoffs")),
    childStarts: new Uint32Array(buffer("childStarts")),
  };
}
