import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TextStream } from "./text-stream.ts";

/** A tokenizer of single bytes: every character outside of ASCII takes several ids. */
const decodeBytes = (ids: readonly number[]): string =>
  new TextDecoder().decode(Uint8Array.from(ids));

describe("TextStream", () => {
  test("holds a character back until its last byte is there", () => {
    const stream = new TextStream(decodeBytes);
    const parts = [...new TextEncoder().encode("a😂é")].map((byte) => stream.push(byte));
    expect(parts).toEqual(["a", "", "", "", "😂", "", "é"]);
  });

  test("gives the whole text in parts that are whole characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (text) => {
        const stream = new TextStream(decodeBytes);
        const parts = [...new TextEncoder().encode(text)].map((byte) => stream.push(byte));
        parts.push(stream.end());
        expect(parts.join("")).toBe(text);
        // encodeURIComponent throws on half a surrogate pair.
        for (const part of parts) expect(() => encodeURIComponent(part)).not.toThrow();
      }),
    );
  });

  test("shows bytes that never became a character at the end", () => {
    const stream = new TextStream(decodeBytes);
    expect([0x61, 0xf0, 0x9f].map((byte) => stream.push(byte))).toEqual(["a", "", ""]);
    expect(stream.end()).toBe("\uFFFD");
  });
});
