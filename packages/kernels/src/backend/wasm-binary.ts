/**
 * The one edit we make to WebAssembly modules: whether their memory is shared between threads.
 *
 * The limits of a memory begin with a flags byte (WebAssembly core specification, "limits"):
 * bit 0 = has a maximum, bit 1 = shared. tfjs's SIMD module defines its memory (section 5), our
 * kernels import it (section 2); both are built unshared and compute the same either way.
 */
import { KernelError } from "@seq/core";

const importSection = 2;
const memorySection = 5;
const shared = 3;

/** A copy of the module whose one memory, defined or imported, is shared. */
export function withSharedMemory(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(module);
  const reader = new Reader(copy);
  reader.position = 8; // magic and version
  while (reader.position < copy.length) {
    const section = reader.byte();
    const end = reader.unsigned() + reader.position;
    const flags =
      section === memorySection
        ? definedMemoryFlags(reader)
        : section === importSection
          ? importedMemoryFlags(reader)
          : undefined;
    if (flags !== undefined) {
      if (copy[flags] !== 1 && copy[flags] !== shared) {
        throw new KernelError(
          `The WebAssembly module's memory has limits of kind ${copy[flags]}, expected 1 (with a maximum).`,
          { code: "WASM_MEMORY" },
        );
      }
      copy[flags] = shared;
      return copy;
    }
    reader.position = end;
  }
  throw new KernelError("The WebAssembly module has no memory to share.", { code: "WASM_MEMORY" });
}

function definedMemoryFlags(reader: Reader): number | undefined {
  return reader.unsigned() > 0 ? reader.position : undefined;
}

/** Position of the flags byte of the imported memory, if any. */
function importedMemoryFlags(reader: Reader): number | undefined {
  for (let count = reader.unsigned(); count > 0; count--) {
    reader.skip(reader.unsigned()); // module name
    reader.skip(reader.unsigned()); // field name
    const kind = reader.byte();
    if (kind === 2) return reader.position;
    if (kind === 0) reader.unsigned();
    else if (kind === 3) reader.skip(2);
    else if (kind === 1) {
      reader.skip(1);
      const bounded = reader.byte() & 1;
      reader.unsigned();
      if (bounded) reader.unsigned();
    }
  }
  return undefined;
}

class Reader {
  position = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes[this.position++] as number;
  }

  skip(count: number): void {
    this.position += count;
  }

  /** LEB128. */
  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
  }
}

/** True where the engine compiles 128-bit SIMD. */
export function simdSupported(): boolean {
  // (func (drop (i8x16.splat (i32.const 0))))
  return WebAssembly.validate(probe([65, 0, 253, 15, 26]));
}

/** True where the engine compiles relaxed SIMD. */
export function relaxedSimdSupported(): boolean {
  // (func (drop (f32x4.relaxed_madd (v128 0) (v128 0) (v128 0))))
  const zero = [65, 0, 253, 15];
  return WebAssembly.validate(probe([...zero, ...zero, ...zero, 253, 0x85, 0x02, 26]));
}

/** A module of one function without parameters and results. */
function probe(code: number[]): Uint8Array<ArrayBuffer> {
  const body = [0, ...code, 11];
  const header = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0];
  return new Uint8Array([...header, 10, body.length + 2, 1, body.length, ...body]);
}
