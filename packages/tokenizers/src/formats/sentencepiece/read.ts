/** SentencePiece's `.model` files as tokenizers: unigram, bpe, word and char. */
import type { AddedToken } from "../../added-tokens.ts";
import { SentencePieceDecoder } from "../../decoders/sentencepiece.ts";
import { SentencePieceBPE, userDefinedTrie } from "../../models/bpe/sentencepiece.ts";
import type { SentencePiecePieces } from "../../models/sentencepiece.types.ts";
import { SentencePieceUnigram } from "../../models/unigram/sentencepiece.ts";
import { SentencePieceWords } from "../../models/word/sentencepiece.ts";
import { SentencePieceNormalizer } from "../../normalizers/sentencepiece.ts";
import { TemplateProcessing } from "../../post-processors/template.ts";
import { MetaspaceWords } from "../../pre-tokenizers/metaspace-words.ts";
import type { Model, TemplateItem } from "../../stages.types.ts";
import { CharsMap } from "../../text/charsmap.ts";
import { Tokenizer } from "../../tokenizer.ts";
import { type NormalizerSpec, readModelProto, type SentencePieceModel } from "./model-proto.ts";

export interface SentencePieceOptions {
  /** Put the begin-of-sentence piece before every text. Default false, as SentencePiece. */
  readonly addBos?: boolean;
  /** Put the end-of-sentence piece after every text. Default false. */
  readonly addEos?: boolean;
}

/**
 * Reads a SentencePiece model. Control pieces in a text are text, as in SentencePiece.
 *
 * @throws {FormatError} naming the byte or the piece.
 */
export function readSentencePiece(
  file: Uint8Array,
  where = "model",
  options: SentencePieceOptions = {},
): Tokenizer {
  return sentencePieceTokenizer(readModelProto(file, where), where, options);
}

export function sentencePieceTokenizer(
  proto: SentencePieceModel,
  where: string,
  { addBos = false, addEos = false }: SentencePieceOptions = {},
): Tokenizer {
  const pieces: SentencePiecePieces = {
    pieces: proto.pieces.map(({ piece, score }) => [piece, score] as const),
    types: proto.pieces.map(({ type }) => type),
    unknownId: proto.unknownId,
    byteFallback: proto.byteFallback,
  };
  const model = makeModel(proto, pieces);
  const inText = proto.pieces.filter(({ type }) =>
    ["normal", "user-defined", "unused"].includes(type),
  );
  const safe =
    proto.kind === "bpe" &&
    !proto.treatWhitespaceAsSuffix &&
    MetaspaceWords.isSafeFor(inText.map(({ piece }) => piece));
  const template = templateOf(proto, addBos, addEos);
  return new Tokenizer({
    model,
    normalizer: makeNormalizer(proto.normalizer, proto, model, where),
    preTokenizer: safe ? new MetaspaceWords() : undefined,
    decoder: makeDecoder(proto, model, where),
    postProcessor: template,
    addedTokens: controlTokens(proto),
    specialTokensInText: "text",
    source: { format: "sentencepiece", proto },
  });
}

function makeModel(proto: SentencePieceModel, pieces: SentencePiecePieces): Model {
  switch (proto.kind) {
    case "unigram":
      return new SentencePieceUnigram(pieces);
    case "bpe":
      return new SentencePieceBPE(pieces);
    default:
      return new SentencePieceWords(pieces, proto.kind, proto.treatWhitespaceAsSuffix);
  }
}

function makeNormalizer(
  spec: NormalizerSpec,
  proto: SentencePieceModel,
  model: Model | undefined,
  where: string,
): SentencePieceNormalizer {
  return new SentencePieceNormalizer({
    charsMap: spec.charsMap.length > 0 ? new CharsMap(spec.charsMap, where) : undefined,
    addDummyPrefix: spec.addDummyPrefix,
    removeExtraWhitespaces: spec.removeExtraWhitespaces,
    escapeWhitespaces: spec.escapeWhitespaces,
    treatWhitespaceAsSuffix: proto.treatWhitespaceAsSuffix,
    userDefined:
      model &&
      userDefinedTrie(
        model.vocab,
        proto.pieces.map(({ type }) => type),
      ),
  });
}

function makeDecoder(proto: SentencePieceModel, model: Model, where: string): SentencePieceDecoder {
  const control = proto.pieces.filter(({ type }) => type === "control");
  const back = proto.denormalizer;
  return new SentencePieceDecoder({
    control: new Set(control.map(({ piece }) => piece)),
    unknownToken: model.vocab.tokenOf(proto.unknownId) as string,
    isPiece: (token) => model.vocab.idOf(token) !== undefined,
    unknownSurface: proto.unknownSurface,
    bytes: proto.byteFallback,
    addDummyPrefix: proto.normalizer.addDummyPrefix,
    removeExtraWhitespaces: proto.normalizer.removeExtraWhitespaces,
    denormalizer:
      back !== undefined && back.charsMap.length > 0
        ? makeNormalizer(back, proto, undefined, where)
        : undefined,
  });
}

function controlTokens(proto: SentencePieceModel): AddedToken[] {
  return proto.pieces.flatMap(({ piece, type }, id) =>
    type === "control"
      ? [
          {
            id,
            content: piece,
            special: true,
            singleWord: false,
            lstrip: false,
            rstrip: false,
            normalized: false,
          },
        ]
      : [],
  );
}

function templateOf(
  proto: SentencePieceModel,
  addBos: boolean,
  addEos: boolean,
): TemplateProcessing | undefined {
  if (!addBos && !addEos) return undefined;
  const item = (id: number): TemplateItem[] => {
    const token = proto.pieces[id]?.piece;
    return token === undefined ? [] : [{ kind: "token", token, id, typeId: 0 }];
  };
  const around = (sequence: 0 | 1): TemplateItem[] => [
    ...(addBos ? item(proto.bosId) : []),
    { kind: "sequence", sequence, typeId: 0 },
    ...(addEos ? item(proto.eosId) : []),
  ];
  return new TemplateProcessing({ single: around(0), pair: [...around(0), ...around(1)] });
}
