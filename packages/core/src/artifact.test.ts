import { describe, expect, test } from "vitest";
import { createArtifactHeader, parseArtifactHeader, verifyArtifactFile } from "./artifact.ts";
import { crc32 } from "./crc32.ts";
import { SeqError } from "./errors.ts";

const identity = { kind: "translator", formatVersion: 2 };
const weights = Uint8Array.of(1, 2, 3);
const header = createArtifactHeader({ ...identity, writer: "@seq/pipelines 1.2.3" }, [
  ["weights", weights],
]);

function codeOf(run: () => unknown): [string, string] {
  try {
    run();
  } catch (error) {
    if (SeqError.is(error)) return [error.code, error.message];
    throw error;
  }
  return ["none", ""];
}

describe("crc32", () => {
  test("has the check value of the standard", () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});

describe("artifact headers", () => {
  test("go through JSON and find their files whole", () => {
    const parsed = parseArtifactHeader("m/manifest.json", JSON.stringify(header), identity);
    expect(parsed).toEqual(header);
    expect(() => verifyArtifactFile("m", parsed, "weights", weights)).not.toThrow();
  });

  test("name what they found and what was expected", () => {
    const parse = (change: object) => () =>
      parseArtifactHeader("m/manifest.json", JSON.stringify({ ...header, ...change }), identity);
    expect(codeOf(parse({ kind: "tagger" }))).toEqual([
      "ARTIFACT_KIND",
      'm/manifest.json: holds a "tagger", expected a "translator"; give the folder of a translator.',
    ]);
    expect(codeOf(parse({ formatVersion: 3 }))).toEqual([
      "ARTIFACT_VERSION",
      "m/manifest.json: format version 3 (written by @seq/pipelines 1.2.3), this version reads 2; use the version that wrote it, or train again.",
    ]);
    expect(codeOf(parse({ magic: "other" }))[0]).toBe("ARTIFACT_HEADER");
    expect(codeOf(parse({ files: null }))[0]).toBe("ARTIFACT_HEADER");
    expect(codeOf(() => parseArtifactHeader("m", "{", identity))[0]).toBe("ARTIFACT_HEADER");
    expect(codeOf(() => parseArtifactHeader("m", "null", identity))[0]).toBe("ARTIFACT_HEADER");
  });

  test("find a flipped bit, a cut file and a stranger", () => {
    const verify = (name: string, bytes: Uint8Array) => () =>
      verifyArtifactFile("m", header, name, bytes);
    expect(codeOf(verify("weights", Uint8Array.of(1, 2, 2)))[0]).toBe("ARTIFACT_CHECKSUM");
    expect(codeOf(verify("weights", Uint8Array.of(1, 2)))[1]).toContain(
      "weights is damaged: 2 bytes",
    );
    expect(codeOf(verify("constructor", weights))[1]).toBe(
      "m: constructor is not listed in the manifest.",
    );
  });
});
