/**
 * Reads Python pickles as plain data. Nothing is executed: a pickle may name a class or function only if
 * the caller's table knows what that name stands for; any other name ends the reading.
 *
 * Protocols 2 to 5 without out-of-band buffers. dict -> Map, list and tuple -> array, set -> Set,
 * bytes -> Uint8Array, int -> number (bigint where it does not fit).
 * @see CPython's Lib/pickletools.py for the opcodes.
 */
import { FormatError } from "@seq/core";

export type PickleValue = unknown;

export interface PickleNames {
  /** What calling `module.name` with arguments gives, or undefined to refuse the name. */
  call(module: string, name: string): ((args: readonly PickleValue[]) => PickleValue) | undefined;
  /** What a persistent id stands for. */
  persistent(id: PickleValue): PickleValue;
}

/** A class or function by name, before it is called. */
export class PickleGlobal {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

const mark = Symbol("mark");

/**
 * @param where - the file, for messages.
 * @throws {FormatError} `PICKLE` on an unknown opcode, a refused name, or a broken stream.
 */
export function readPickle(bytes: Uint8Array, names: PickleNames, where: string): PickleValue {
  return new PickleMachine(bytes, names, where).run();
}

class PickleMachine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #names: PickleNames;
  readonly #where: string;
  readonly #stack: PickleValue[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at = 0;

  constructor(bytes: Uint8Array, names: PickleNames, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#names = names;
    this.#where = where;
  }

  run(): PickleValue {
    for (;;) {
      const opcode = this.#uint8();
      if (opcode === 0x2e) return this.#pop(); // STOP
      const done =
        this.#runConstant(opcode) || this.#runContainer(opcode) || this.#runObject(opcode);
      if (!done) throw this.#fail(`opcode 0x${opcode.toString(16)} is not read`);
    }
  }

  /** Numbers, strings, bytes and the frame marks. */
  #runConstant(opcode: number): boolean {
    switch (opcode) {
      case 0x80: // PROTO
        this.#checkProtocol(this.#uint8());
        return true;
      case 0x95: // FRAME
        this.#take(8);
        return true;
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x4a: // BININT
        return this.#push(this.#view.getInt32(this.#skip(4), true));
      case 0x4b: // BININT1
        return this.#push(this.#uint8());
      case 0x4d: // BININT2
        return this.#push(this.#view.getUint16(this.#skip(2), true));
      case 0x8a: // LONG1
        return this.#push(this.#long(this.#uint8()));
      case 0x47: // BINFLOAT
        return this.#push(this.#view.getFloat64(this.#skip(8), false));
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(this.#text(this.#uint8()));
      case 0x58: // BINUNICODE
        return this.#push(this.#text(this.#uint32()));
      case 0x8d: // BINUNICODE8
        return this.#push(this.#text(this.#uint64()));
      case 0x55: // SHORT_BINSTRING
        return this.#push(this.#text(this.#uint8()));
      case 0x54: // BINSTRING
        return this.#push(this.#text(this.#uint32()));
      case 0x43: // SHORT_BINBYTES
        return this.#push(this.#take(this.#uint8()));
      case 0x42: // BINBYTES
        return this.#push(this.#take(this.#uint32()));
      case 0x8e: // BINBYTES8
        return this.#push(this.#take(this.#uint64()));
      default:
        return false;
    }
  }

  /** Lists, tuples, dicts, sets, and the stack itself. */
  #runContainer(opcode: number): boolean {
    switch (opcode) {
      case 0x28: // MARK
        return this.#push(mark);
      case 0x30: // POP
        this.#pop();
        return true;
      case 0x31: // POP_MARK
        this.#popToMark();
        return true;
      case 0x32: // DUP
        return this.#push(this.#top());
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return this.#push([]);
      case 0x6c: // LIST
      case 0x74: // TUPLE
        return this.#push(this.#popToMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(this.#popCount(opcode - 0x84));
      case 0x61: // APPEND
        this.#extend([this.#pop()]);
        return true;
      case 0x65: // APPENDS
        this.#extend(this.#popToMark());
        return true;
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x64: // DICT
        this.#push(new Map());
        this.#setItemsBelow();
        return true;
      case 0x73: // SETITEM
        this.#setItems(this.#popCount(2));
        return true;
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark());
        return true;
      case 0x8f: // EMPTY_SET
        return this.#push(new Set());
      case 0x90: // ADDITEMS
        this.#addItems(this.#popToMark());
        return true;
      case 0x91: // FROZENSET
        return this.#push(new Set(this.#popToMark()));
      default:
        return false;
    }
  }

  /** The memo, names, calls and persistent ids. */
  #runObject(opcode: number): boolean {
    switch (opcode) {
      case 0x71: // BINPUT
        this.#memo.set(this.#uint8(), this.#top());
        return true;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#uint32(), this.#top());
        return true;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return true;
      case 0x68: // BINGET
        return this.#push(this.#recall(this.#uint8()));
      case 0x6a: // LONG_BINGET
        return this.#push(this.#recall(this.#uint32()));
      case 0x63: // GLOBAL
        return this.#push(new PickleGlobal(this.#line(), this.#line()));
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.#popCount(2);
        return this.#push(new PickleGlobal(String(module), String(name)));
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [callee, args] = this.#popCount(2);
        return this.#push(this.#call(callee, args));
      }
      case 0x62: // BUILD
        this.#build();
        return true;
      case 0x51: // BINPERSID
        return this.#push(this.#names.persistent(this.#pop()));
      default:
        return false;
    }
  }

  #call(callee: PickleValue, args: PickleValue): PickleValue {
    if (!(callee instanceof PickleGlobal) || !Array.isArray(args)) {
      throw this.#fail("something that is no name is called");
    }
    const { module, name } = callee;
    const body = this.#names.call(module, name);
    if (body === undefined) {
      throw this.#fail(
        `it names ${module}.${name}, which is not plain data; nothing from a file is executed, so save the tensors alone (a state_dict)`,
      );
    }
    return body(args);
  }

  /** Attributes set on a dict (`_metadata` of a state_dict) are left out; nothing else may have any. */
  #build(): void {
    this.#pop();
    if (!(this.#top() instanceof Map))
      throw this.#fail("attributes are set on a value that is no dict");
  }

  #setItemsBelow(): void {
    const map = this.#pop();
    const items = this.#popToMark();
    this.#push(map);
    this.#setItems(items);
  }

  #setItems(items: readonly PickleValue[]): void {
    const map = this.#top();
    if (!(map instanceof Map)) throw this.#fail("items are set on a value that is no dict");
    for (let i = 0; i + 1 < items.length; i += 2) map.set(items[i], items[i + 1]);
  }

  #addItems(items: readonly PickleValue[]): void {
    const set = this.#top();
    if (!(set instanceof Set)) throw this.#fail("items are added to a value that is no set");
    for (const item of items) set.add(item);
  }

  #extend(items: readonly PickleValue[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#fail("items are appended to a value that is no list");
    for (const item of items) list.push(item);
  }

  #recall(index: number): PickleValue {
    if (!this.#memo.has(index)) throw this.#fail(`memo ${index} is empty`);
    return this.#memo.get(index);
  }

  #push(value: PickleValue): true {
    this.#stack.push(value);
    return true;
  }

  #pop(): PickleValue {
    if (this.#stack.length === 0) throw this.#fail("the stack is empty");
    return this.#stack.pop();
  }

  #top(): PickleValue {
    if (this.#stack.length === 0) throw this.#fail("the stack is empty");
    return this.#stack[this.#stack.length - 1];
  }

  #popCount(count: number): PickleValue[] {
    if (this.#stack.length < count) throw this.#fail("the stack is empty");
    return this.#stack.splice(this.#stack.length - count);
  }

  #popToMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw this.#fail("a mark is missing");
    const items = this.#stack.splice(at);
    return items.slice(1);
  }

  /** A little-endian two's complement integer. */
  #long(length: number): number | bigint {
    const bytes = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    const signed = length === 0 ? 0n : BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  /** Up to a newline. */
  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.#fail("a name does not end");
    const text = this.#text(end - this.#at);
    this.#at++;
    return text;
  }

  #uint8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  #uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  #uint64(): number {
    const at = this.#skip(8);
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  #take(length: number): Uint8Array {
    const at = this.#skip(length);
    return this.#bytes.subarray(at, at + length);
  }

  #skip(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw this.#fail("the pickle is cut off");
    this.#at = at + length;
    return at;
  }

  #checkProtocol(version: number): void {
    if (version < 2 || version > 5) throw this.#fail(`protocol ${version}, expected 2 to 5`);
  }

  #fail(what: string): FormatError {
    return new FormatError(`${this.#where}: the pickle is not read: ${what} (byte ${this.#at}).`, {
      code: "PICKLE",
      details: { byte: this.#at },
    });
  }
}
