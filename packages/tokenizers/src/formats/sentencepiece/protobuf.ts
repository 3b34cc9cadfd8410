/**
 * The little of Protocol Buffers that SentencePiece's model files need: fields of the wire types varint,
 * 64-bit, length-delimited and 32-bit. Groups are refused. Nothing is copied while reading.
 */
import { FormatError } from "@seq/core";
import { encodeUtf8 } from "../../text/utf8.ts";

export interface ProtoField {
  readonly number: number;
  readonly wireType: 0 | 1 | 2 | 5;
  /** Value of a varint (as a double; negative numbers as 64-bit two's complement). */
  readonly value: number;
  /** Content of a length-delimited field, or the bytes of a fixed one. */
  readonly bytes: Uint8Array;
  /** The field as it stands, tag and all, to be written back. */
  readonly raw: Uint8Array;
}

const noBytes = new Uint8Array(0);

/**
 * Reads the fields of a message one after the other.
 *
 * @throws {FormatError} `PROTOBUF` naming the byte, when a length or number runs over the end.
 */
export function* readFields(message: Uint8Array, where: string): IterableIterator<ProtoField> {
  const reader = new VarintReader(message, where);
  while (reader.at < message.length) {
    const begin = reader.at;
    const tag = reader.varint();
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (number === 0 || number > 0x1fffffff) throw reader.fail(begin, `field number ${number}`);
    let value = 0;
    let bytes: Uint8Array = noBytes;
    if (wireType === 0) {
      value = reader.varint();
    } else if (wireType === 2 || wireType === 1 || wireType === 5) {
      const length = wireType === 2 ? reader.varint() : wireType === 1 ? 8 : 4;
      if (length > message.length - reader.at) {
        throw reader.fail(
          begin,
          `field ${number} of ${length} bytes, ${message.length - reader.at} are left`,
        );
      }
      bytes = message.subarray(reader.at, reader.at + length);
      reader.at += length;
    } else {
      throw reader.fail(begin, `wire type ${wireType} of field ${number}`);
    }
    yield {
      number,
      wireType: wireType as 0 | 1 | 2 | 5,
      value,
      bytes,
      raw: message.subarray(begin, reader.at),
    };
  }
}

class VarintReader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #where: string;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#where = where;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.at + i];
      if (byte === undefined) throw this.fail(this.at, "a number that runs over the end");
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) {
        this.at += i + 1;
        return value;
      }
    }
    throw this.fail(this.at, "a number of more than ten bytes");
  }

  fail(at: number, what: string): FormatError {
    return new FormatError(
      `${this.#where}: not a Protocol Buffers message: ${what} at byte ${at}.`,
      {
        code: "PROTOBUF",
        details: { at },
      },
    );
  }
}

/** A varint as a signed 32-bit number, as proto2's int32 writes -1. */
export function toInt32(value: number): number {
  return value >= 2 ** 63 ? value - 2 ** 64 : value > 0x7fffffff ? value - 2 ** 32 : value;
}

export function toFloat32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}

/** Writes messages. */
export class ProtoWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  varintField(number: number, value: number): this {
    this.#varint(number * 8);
    return this.#varint(value);
  }

  boolField(number: number, value: boolean): this {
    return this.varintField(number, value ? 1 : 0);
  }

  floatField(number: number, value: number): this {
    this.#varint(number * 8 + 5);
    this.#room(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  bytesField(number: number, bytes: Uint8Array): this {
    this.#varint(number * 8 + 2);
    this.#varint(bytes.length);
    return this.raw(bytes);
  }

  stringField(number: number, text: string): this {
    return this.bytesField(number, encodeUtf8(text));
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #varint(value: number): this {
    this.#room(10);
    // Negative int32 values take ten bytes, the two's complement of 64 bits.
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 128n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
    return this;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = new Uint8Array((this.#length + more) * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
