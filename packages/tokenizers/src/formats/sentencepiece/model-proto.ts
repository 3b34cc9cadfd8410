/** SentencePiece's `ModelProto`: what of it decides how text is encoded, and the rest as raw bytes. */
import { FormatError } from "@seq/core";
import { decodeUtf8, encodeUtf8 } from "../../text/utf8.ts";
import { ProtoWriter, readFields, toFloat32, toInt32 } from "./protobuf.ts";

export type PieceType = "normal" | "unknown" | "control" | "user-defined" | "unused" | "byte";
export type SentencePieceKind = "unigram" | "bpe" | "word" | "char";

export interface SentencePiecePiece {
  readonly piece: string;
  /** Log-probability (unigram), or the negative order of the merge (bpe). float32. */
  readonly score: number;
  readonly type: PieceType;
}

export interface NormalizerSpec {
  /** `"nmt_nfkc"`, `"identity"` ...; a name only. */
  readonly name: string;
  readonly charsMap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
}

export interface SentencePieceModel {
  readonly kind: SentencePieceKind;
  readonly pieces: readonly SentencePiecePiece[];
  readonly normalizer: NormalizerSpec;
  readonly denormalizer: NormalizerSpec | undefined;
  readonly byteFallback: boolean;
  readonly treatWhitespaceAsSuffix: boolean;
  /** What an unknown token decodes to. */
  readonly unknownSurface: string;
  /** Ids of the special pieces, -1: none. */
  readonly unknownId: number;
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  /** The trainer's settings as they stand in the file, to be written back. */
  readonly trainerSpec: Uint8Array;
}

const pieceTypes: readonly (PieceType | undefined)[] = [
  undefined, "normal", "unknown", "control", "user-defined", "unused", "byte",
]; // biome-ignore format: a table by the number in the file
const kinds: readonly (SentencePieceKind | undefined)[] = [
  undefined, "unigram", "bpe", "word", "char",
]; // biome-ignore format: a table by the number in the file

/** @throws {FormatError} naming the byte or the piece. */
export function readModelProto(file: Uint8Array, where: string): SentencePieceModel {
  const pieces: SentencePiecePiece[] = [];
  let trainer = readTrainer(new Uint8Array(0), where);
  let normalizer = readSpec(new Uint8Array(0), where);
  let denormalizer: NormalizerSpec | undefined;
  for (const { number, wireType, bytes } of readFields(file, where)) {
    if (number >= 1 && number <= 5 && wireType !== 2) {
      throw new FormatError(
        `${where}: not a SentencePiece model: field ${number} has wire type ${wireType}, expected 2.`,
        { code: "SENTENCEPIECE" },
      );
    }
    if (number === 1) pieces.push(readPiece(bytes, `${where}: piece ${pieces.length}`));
    else if (number === 2) trainer = readTrainer(bytes, `${where}: trainer_spec`);
    else if (number === 3) normalizer = readSpec(bytes, `${where}: normalizer_spec`);
    else if (number === 5) denormalizer = readSpec(bytes, `${where}: denormalizer_spec`);
  }
  checkPieces(pieces, trainer.byteFallback, where);
  const unknownId = pieces.findIndex((piece) => piece.type === "unknown");
  return { ...trainer, pieces, normalizer, denormalizer, unknownId };
}

function readPiece(message: Uint8Array, where: string): SentencePiecePiece {
  let piece = "";
  let score = 0;
  let type: PieceType | undefined = "normal";
  for (const { number, wireType, value, bytes } of readFields(message, where)) {
    if (number === 1 && wireType === 2) piece = decodeUtf8(bytes);
    else if (number === 2 && wireType === 5) score = toFloat32(bytes);
    else if (number === 3 && wireType === 0) type = pieceTypes[value];
  }
  if (piece === "" || type === undefined || !Number.isFinite(score)) {
    const what =
      piece === "" ? "empty" : type === undefined ? "of no known type" : `scored ${score}`;
    throw new FormatError(`${where} is ${what}, expected a piece with a type and a finite score.`, {
      code: "SENTENCEPIECE",
    });
  }
  return { piece, score, type };
}

type Trainer = Omit<SentencePieceModel, "pieces" | "normalizer" | "denormalizer" | "unknownId">;

function readTrainer(message: Uint8Array, where: string): Trainer {
  let kind: SentencePieceKind | undefined = "unigram";
  const flags = { byteFallback: false, treatWhitespaceAsSuffix: false };
  let unknownSurface = " \u2047 ";
  const ids = { bosId: 1, eosId: 2, padId: -1 };
  for (const { number, wireType, value, bytes } of readFields(message, where)) {
    if (wireType === 2) {
      if (number === 44) unknownSurface = decodeUtf8(bytes);
    } else if (wireType === 0) {
      if (number === 3) kind = kinds[value];
      else if (number === 35) flags.byteFallback = value !== 0;
      else if (number === 24) flags.treatWhitespaceAsSuffix = value !== 0;
      else if (number === 41) ids.bosId = toInt32(value);
      else if (number === 42) ids.eosId = toInt32(value);
      else if (number === 43) ids.padId = toInt32(value);
    }
  }
  if (kind === undefined) {
    throw new FormatError(`${where}: unknown model_type, expected 1 to 4.`, {
      code: "SENTENCEPIECE",
    });
  }
  return { kind, ...flags, ...ids, unknownSurface, trainerSpec: message };
}

function readSpec(message: Uint8Array, where: string): NormalizerSpec {
  let name = "";
  let charsMap = new Uint8Array(0);
  const flags = { addDummyPrefix: true, removeExtraWhitespaces: true, escapeWhitespaces: true };
  for (const { number, wireType, value, bytes } of readFields(message, where)) {
    if (wireType === 2) {
      if (number === 1) name = decodeUtf8(bytes);
      else if (number === 2) charsMap = bytes as Uint8Array<ArrayBuffer>;
    } else if (wireType === 0) {
      if (number === 3) flags.addDummyPrefix = value !== 0;
      else if (number === 4) flags.removeExtraWhitespaces = value !== 0;
      else if (number === 5) flags.escapeWhitespaces = value !== 0;
    }
  }
  return { name, charsMap, ...flags };
}

/** The checks that SentencePiece itself makes when it loads a model. */
function checkPieces(
  pieces: readonly SentencePiecePiece[],
  byteFallback: boolean,
  where: string,
): void {
  const fail = (what: string): FormatError =>
    new FormatError(`${where}: ${what}.`, { code: "SENTENCEPIECE" });
  const seen = new Map<string, number>();
  const bytes = new Set<string>();
  let unknown = -1;
  pieces.forEach(({ piece, type }, id) => {
    const other = seen.get(piece);
    if (other !== undefined) {
      throw fail(`piece ${id} ${JSON.stringify(piece)} was defined before as piece ${other}`);
    }
    seen.set(piece, id);
    if (type === "unknown") {
      if (unknown >= 0) throw fail(`pieces ${unknown} and ${id} are both the unknown one`);
      unknown = id;
    } else if (type === "byte") {
      if (!byteFallback) throw fail(`piece ${id} is a byte, but byte_fallback is off`);
      if (!/^<0x[0-9A-F]{2}>$/.test(piece))
        throw fail(`piece ${id} is no byte: ${JSON.stringify(piece)}`);
      bytes.add(piece);
    }
  });
  if (unknown < 0) throw fail(`none of the ${pieces.length} pieces is the unknown one`);
  if (byteFallback && bytes.size !== 256) {
    throw fail(`byte_fallback is on, but ${bytes.size} of 256 byte pieces are there`);
  }
}

/** Writes a model file that SentencePiece reads. */
export function writeModelProto(model: SentencePieceModel): Uint8Array {
  const file = new ProtoWriter();
  for (const { piece, score, type } of model.pieces) {
    const message = new ProtoWriter().stringField(1, piece).floatField(2, score);
    if (type !== "normal") message.varintField(3, pieceTypes.indexOf(type));
    file.bytesField(1, message.finish());
  }
  file.bytesField(2, model.trainerSpec.length > 0 ? model.trainerSpec : writeTrainer(model));
  file.bytesField(3, writeSpec(model.normalizer));
  if (model.denormalizer !== undefined) file.bytesField(5, writeSpec(model.denormalizer));
  return file.finish();
}

function writeTrainer(model: SentencePieceModel): Uint8Array {
  const message = new ProtoWriter()
    .varintField(3, kinds.indexOf(model.kind))
    .varintField(4, model.pieces.length)
    .boolField(24, model.treatWhitespaceAsSuffix)
    .boolField(35, model.byteFallback)
    .varintField(40, model.unknownId)
    .varintField(41, model.bosId)
    .varintField(42, model.eosId)
    .varintField(43, model.padId)
    .stringField(44, model.unknownSurface);
  const named = [
    [45, model.unknownId], [46, model.bosId], [47, model.eosId], [48, model.padId],
  ] as const; // biome-ignore format: a table
  for (const [field, id] of named) {
    const piece = model.pieces[id]?.piece;
    if (piece !== undefined) message.stringField(field, piece);
  }
  return message.finish();
}

function writeSpec(spec: NormalizerSpec): Uint8Array {
  return new ProtoWriter()
    .bytesField(1, encodeUtf8(spec.name))
    .bytesField(2, spec.charsMap)
    .boolField(3, spec.addDummyPrefix)
    .boolField(4, spec.removeExtraWhitespaces)
    .boolField(5, spec.escapeWhitespaces)
    .finish();
}
