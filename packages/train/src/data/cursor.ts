/** Checks of a saved data cursor, and the hash that ties it to its data. */
import { FormatError, Rng } from "@seq/core";
import type { DataCursor } from "./training-data.types.ts";

/**
 * The cursor, if it belongs to this data.
 *
 * @throws {FormatError} `DATA_CURSOR`
 */
export function checkCursor(where: string, saved: unknown, fingerprint: string): DataCursor {
  const cursor = (saved ?? {}) as Partial<DataCursor>;
  const counts = [cursor.epoch, cursor.position];
  if (!counts.every((n) => Number.isSafeInteger(n) && (n as number) >= 0)) {
    throw new FormatError(
      `${where}.seek: expected a saved cursor { epoch, position, rng, fingerprint }, got ${JSON.stringify(saved)}.`,
      { code: "DATA_CURSOR", details: { cursor: saved } },
    );
  }
  Rng.fromState(cursor.rng as never); // throws when broken
  if (cursor.fingerprint !== fingerprint) {
    throw new FormatError(
      `${where}.seek: the cursor was saved with other data or other batch options (fingerprint ${cursor.fingerprint}, here ${fingerprint}); give the same data and options, or start anew.`,
      { code: "DATA_CURSOR", details: { found: cursor.fingerprint, expected: fingerprint } },
    );
  }
  return cursor as DataCursor;
}

/** A 32-bit hash (FNV-1a over whole numbers) of lists of ids and of the options as text. */
export class Fingerprint {
  #hash = 0x811c9dc5;

  add(values: ArrayLike<number>): this {
    let hash = Math.imul(this.#hash ^ values.length, 0x01000193);
    for (let i = 0; i < values.length; i++) {
      hash = Math.imul(hash ^ (values[i] as number), 0x01000193);
      hash ^= hash >>> 15; // FNV alone never moves high bits down: ids above 255 would mix badly
    }
    this.#hash = hash;
    return this;
  }

  addText(text: string): this {
    return this.add(Array.from(text, (character) => character.codePointAt(0) as number));
  }

  /** Eight hexadecimal digits. */
  digest(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }
}
