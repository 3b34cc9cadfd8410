import { OptionError } from "@seq/core";

/** The error for an id outside the table. */
export function tokenIdError(id: number, position: number, vocabSize: number): OptionError {
  return new OptionError(
    `embedding: id ${id} at position ${position}, expected 0 to ${vocabSize - 1}.`,
    {
      code: "TOKEN_ID_RANGE",
      details: { id, position, vocabSize },
    },
  );
}
