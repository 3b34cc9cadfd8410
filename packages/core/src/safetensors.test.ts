import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SeqError } from "./errors.ts";
import {
  entryToFloat32,
  float16ToNumber,
  readSafetensors,
  type SafetensorsInput,
  writeSafetensors,
} from "./safetensors.ts";

/** A file with any header over some bytes of data. */
function fileOf(header: string, dataBytes = 0, claimed?: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setUint32(0, claimed ?? text.length, true);
  file.set(text, 8);
  return file;
}

describe("safetensors", () => {
  test("gives back names, shapes, values and metadata, in order, for any tensors", () => {
    const tensors = fc.array(
      fc.record({
        name: fc.string({ minLength: 1 }).filter((name) => name !== "__metadata__"),
        rows: fc.integer({ min: 0, max: 4 }),
        columns: fc.integer({ min: 0, max: 4 }),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(tensors, fc.dictionary(fc.string(), fc.string()), (list, metadata) => {
        const entries = new Map<string, SafetensorsInput>();
        for (const { name, rows, columns } of list) {
          const data = Float32Array.from({ length: rows * columns }, (_, i) => i / 7);
          entries.set(name, { dtype: "F32", shape: [rows, columns], data });
        }
        const read = readSafetensors(writeSafetensors(entries, metadata));
        expect([...read.tensors.keys()].sort()).toEqual([...entries.keys()].sort());
        expect(read.metadata).toEqual({ ...metadata });
        for (const [name, { shape, data }] of entries) {
          const entry = read.tensors.get(name)!;
          expect(entry.shape).toEqual(shape);
          expect(entryToFloat32(entry)).toEqual(data);
        }
      }),
    );
  });

  test("keeps a tensor named __proto__", () => {
    const data = Float32Array.of(1, 2);
    const file = writeSafetensors([["__proto__", { dtype: "F32", shape: [2], data }]]);
    expect([...readSafetensors(file).tensors.keys()]).toEqual(["__proto__"]);
  });

  test("aligns the data to 8 bytes, as the reference writer does", () => {
    const file = writeSafetensors([["w", { dtype: "F32", shape: [1], data: Float32Array.of(1) }]]);
    expect(new DataView(file.buffer).getUint32(0, true) % 8).toBe(0);
  });

  test("converts half and bfloat16 values", () => {
    expect([0x3c00, 0xc000, 0x0001, 0x7c00, 0x8000].map(float16ToNumber)).toEqual([
      1,
      -2,
      2 ** -24,
      Number.POSITIVE_INFINITY,
      -0,
    ]);
    expect(float16ToNumber(0x7e00)).toBeNaN();
    const bf16 = writeSafetensors([
      ["w", { dtype: "BF16", shape: [2], data: Uint16Array.of(0x3f80, 0xc040) }],
    ]);
    expect([...entryToFloat32(readSafetensors(bf16).tensors.get("w")!)]).toEqual([1, -3]);
  });

  const broken: [string, Uint8Array, string][] = [
    ["too few bytes", new Uint8Array(5), "5 bytes, expected at least 8"],
    [
      "a header beyond the file",
      fileOf("{}", 0, 1000),
      "the header claims 1000 bytes, the file has 10",
    ],
    ["a huge header", fileOf("{}", 0, 0xffffffff), "the header claims 4294967295 bytes"],
    ["no JSON", fileOf("{"), "the header is not JSON"],
    ["no object", fileOf("[]"), "the header is not an object"],
    [
      "an unknown type",
      fileOf('{"a":{"dtype":"X","shape":[],"data_offsets":[0,0]}}'),
      'has type "X"',
    ],
    [
      "a type that is a property of objects",
      fileOf('{"a":{"dtype":"constructor","shape":[],"data_offsets":[0,0]}}'),
      'has type "constructor"',
    ],
    [
      "a shape that does not fit",
      fileOf('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', 8),
      "needs 12 bytes, its offsets are [0, 8] of 8",
    ],
    [
      "overlapping tensors",
      fileOf(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        4,
      ),
      'tensor "b" begins at 0, expected 4',
    ],
    ["data of nobody", fileOf("{}", 4), "4 bytes belong to no tensor"],
    [
      "a negative size",
      fileOf('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,0]}}'),
      "has no valid shape",
    ],
  ];
  test.each(broken)("refuses %s", (_, file, message) => {
    try {
      readSafetensors(file, "w.safetensors");
      expect.unreachable();
    } catch (error) {
      expect(SeqError.is(error) && error.code).toBe("SAFETENSORS");
      expect((error as Error).message).toContain(`w.safetensors: `);
      expect((error as Error).message).toContain(message);
    }
  });

  test("refuses a random mutation or reads something whole, and never hangs", () => {
    const data = Float32Array.of(1, 2, 3);
    const good = writeSafetensors([["w", { dtype: "F32", shape: [3], data }]], { a: "b" });
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (place, value) => {
        const bad = good.slice();
        bad[place] = value;
        try {
          for (const { bytes } of readSafetensors(bad).tensors.values()) {
            expect(bytes.byteLength).toBeLessThanOrEqual(bad.byteLength);
          }
        } catch (error) {
          expect(SeqError.is(error)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("refuses to write data that does not fit its shape", () => {
    expect(() =>
      writeSafetensors([["w", { dtype: "F32", shape: [2], data: Float32Array.of(1) }]]),
    ).toThrow('writeSafetensors: tensor "w" of F32 [2] needs 8 bytes, its data has 4.');
  });
});
