/** Reading parsed JSON with messages that name the place. Objects of a file never become prototypes. */
import { FormatError } from "@seq/core";

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws {FormatError} `JSON` naming file and reason. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new FormatError(`${where}: not valid JSON: ${(cause as Error).message}.`, {
      code: "JSON",
      cause,
    });
  }
}

export function bad(where: string, expected: string, came: unknown): FormatError {
  return new FormatError(`${where}: expected ${expected}, found ${brief(came)}.`, {
    code: "TOKENIZER_FILE",
    details: { where },
  });
}

function brief(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

export function asObject(value: unknown, where: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw bad(where, "an object", value);
  }
  return value as JsonObject;
}

export function asList(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(where, "a list", value);
  return value;
}

export function asString(value: unknown, where: string): string {
  if (typeof value !== "string") throw bad(where, "a string", value);
  return value;
}

export function asBoolean(value: unknown, where: string): boolean {
  if (typeof value !== "boolean") throw bad(where, "true or false", value);
  return value;
}

export function asNumber(value: unknown, where: string): number {
  if (typeof value !== "number" || Number.isNaN(value)) throw bad(where, "a number", value);
  return value;
}

/** A whole number from 0 on. */
export function asNatural(value: unknown, where: string, max = 2 ** 31 - 2): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max) {
    throw bad(where, `a whole number from 0 to ${max}`, value);
  }
  return value;
}

/** A field of an object (own properties only), or `undefined` when it is missing or null. */
export function field(object: JsonObject, name: string): unknown {
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return value ?? undefined;
}

export function optional<T>(
  object: JsonObject,
  name: string,
  where: string,
  read: (value: unknown, where: string) => T,
): T | undefined {
  const value = field(object, name);
  return value === undefined ? undefined : read(value, `${where}.${name}`);
}

export function required<T>(
  object: JsonObject,
  name: string,
  where: string,
  read: (value: unknown, where: string) => T,
): T {
  return read(field(object, name), `${where}.${name}`);
}

/**
 * Tokens by id from an object token -> id, such as `vocab.json`.
 *
 * @throws {FormatError} on an id that is no id, given twice, or far beyond the number of tokens: a table
 * by id must not be larger than the file explains.
 */
export function tokensById(vocab: JsonObject, where: string): (string | undefined)[] {
  const names = Object.keys(vocab);
  const limit = names.length * 8 + 65536;
  const tokens: (string | undefined)[] = [];
  let size = 0;
  for (const name of names)
    size = Math.max(size, asNatural(vocab[name], `${where}[${JSON.stringify(name)}]`, limit) + 1);
  tokens.length = 0;
  for (let i = 0; i < size; i++) tokens.push(undefined);
  for (const name of names) {
    const id = vocab[name] as number;
    const other = tokens[id];
    if (other !== undefined) {
      throw new FormatError(
        `${where}: the tokens ${JSON.stringify(other)} and ${JSON.stringify(name)} have the same id ${id}.`,
        { code: "TOKENIZER_FILE", details: { id } },
      );
    }
    tokens[id] = name;
  }
  return tokens;
}
