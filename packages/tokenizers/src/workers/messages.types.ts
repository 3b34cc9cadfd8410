/** What the pool and its workers say to each other; plain data that survives structured cloning. */
import type { CorpusItem } from "../training/count-words.ts";
import type { WordCounts } from "../training/word-counts.ts";

export type ToWorker =
  | {
      readonly kind: "start";
      readonly normalizer: object | undefined;
      readonly preTokenizer: object | undefined;
    }
  | { readonly kind: "texts"; readonly items: readonly CorpusItem[] }
  | {
      readonly kind: "lines";
      readonly path: string;
      readonly begin: number;
      readonly end: number;
      readonly keepLineEnds: boolean;
    }
  | { readonly kind: "finish" };

export type FromWorker =
  | { readonly kind: "counted"; readonly texts: number }
  | { readonly kind: "words"; readonly words: WordCounts }
  | {
      readonly kind: "failed";
      readonly name: string;
      readonly message: string;
      readonly code: string | undefined;
    };
