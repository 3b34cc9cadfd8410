/** What SentencePiece's models of all kinds are made from. */
export interface SentencePiecePieces {
  /** Piece and score by id. */
  readonly pieces: readonly (readonly [piece: string, score: number])[];
  readonly types: readonly (
    | "normal"
    | "unknown"
    | "control"
    | "user-defined"
    | "unused"
    | "byte"
  )[];
  readonly unknownId: number;
  readonly byteFallback: boolean;
}
