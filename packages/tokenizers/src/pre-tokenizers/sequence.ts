import type { Pieces } from "../pieces.ts";
import type { PreTokenizer, WordScanner } from "../stages.types.ts";

/** Several pre-tokenizers one after the other. */
export class PreTokenizerSequence implements PreTokenizer {
  readonly type = "Sequence";
  readonly stages: readonly PreTokenizer[];
  readonly byteLevel: boolean;
  /** The scanner of the one stage that splits, when the others leave the pieces as they are. */
  readonly scanner: WordScanner | undefined;

  constructor(stages: readonly PreTokenizer[]) {
    this.stages = stages;
    this.byteLevel = stages.some((stage) => stage.byteLevel === true);
    const splitting = stages.filter((stage) => stage.keepsPieces !== true);
    // Stages after a byte-level one see the byte alphabet, a scanner does not.
    const first = stages.findIndex((stage) => stage.byteLevel === true);
    const splitter = splitting.length === 1 ? splitting[0] : undefined;
    const before = first < 0 || splitter === undefined || stages.indexOf(splitter) <= first;
    this.scanner = before ? splitter?.scanner : undefined;
  }

  preTokenize(pieces: Pieces): Pieces {
    return this.stages.reduce((current, stage) => stage.preTokenize(current), pieces);
  }
}
