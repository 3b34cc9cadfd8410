/** Splitting by one of the GPT family's patterns, without a regular expression. */
import type { Pieces } from "../pieces.ts";
import type { PreTokenizer } from "../stages.types.ts";
import { type GptPattern, GptScanner } from "./gpt-scanner.ts";
import { scanPieces } from "./scan-pieces.ts";

export class GptSplit implements PreTokenizer {
  readonly type = "GptSplit";
  readonly scanner: GptScanner;
  /** The regular expression it stands for, as a file wrote it. */
  readonly source: string | undefined;

  constructor(pattern: GptPattern, source?: string) {
    this.scanner = new GptScanner(pattern);
    this.source = source;
  }

  preTokenize(pieces: Pieces): Pieces {
    return scanPieces(pieces, this.scanner);
  }
}
