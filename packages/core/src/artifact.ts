/**
 * The header of every saved thing: which format, which version, written by whom, and the checksums of
 * the files beside it. A reader refuses by name what it cannot read.
 */
import { crc32 } from "./crc32.ts";
import { FormatError } from "./errors.ts";

const magic = "@seq";

/** What a folder such as a saved model or a checkpoint says of itself in `manifest.json`. */
export interface ArtifactHeader {
  readonly magic: typeof magic;
  /** `"translator"`, `"checkpoint"`, `"language-model"` ... */
  readonly kind: string;
  /** Counts up when the meaning of the files changes. */
  readonly formatVersion: number;
  /** Package and version that wrote it, for people: `"@seq/pipelines 0.1.0"`. */
  readonly writer: string;
  /** Size and CRC-32 (hexadecimal) of each file that belongs to it. */
  readonly files: Readonly<Record<string, ArtifactFile>>;
}

export interface ArtifactFile {
  readonly bytes: number;
  readonly crc32: string;
}

export interface ArtifactIdentity {
  readonly kind: string;
  readonly formatVersion: number;
}

export function createArtifactHeader(
  identity: ArtifactIdentity & { readonly writer: string },
  files: Iterable<readonly [name: string, bytes: Uint8Array]>,
): ArtifactHeader {
  const entries = [...files].map(([name, bytes]) => [name, describeFile(bytes)] as const);
  return { magic, ...identity, files: Object.fromEntries(entries) };
}

/**
 * Parses a header and checks that it is of the expected kind and version.
 *
 * @param where - the file, for the message.
 * @throws {FormatError} `ARTIFACT_HEADER`, `ARTIFACT_KIND` or `ARTIFACT_VERSION`, naming what was found.
 */
export function parseArtifactHeader(
  where: string,
  json: string,
  expected: ArtifactIdentity,
): ArtifactHeader {
  let header: Partial<ArtifactHeader> | null;
  try {
    header = JSON.parse(json) as Partial<ArtifactHeader> | null;
  } catch (cause) {
    throw new FormatError(`${where}: not valid JSON: ${(cause as Error).message}.`, {
      code: "ARTIFACT_HEADER",
      cause,
    });
  }
  if (header === null || typeof header !== "object" || header.magic !== magic) {
    throw new FormatError(`${where}: not written by @seq (no "magic": "${magic}" in it).`, {
      code: "ARTIFACT_HEADER",
    });
  }
  if (header.kind !== expected.kind) {
    throw new FormatError(
      `${where}: holds a "${header.kind}", expected a "${expected.kind}"; give the folder of a ${expected.kind}.`,
      { code: "ARTIFACT_KIND", details: { found: header.kind, expected: expected.kind } },
    );
  }
  if (header.formatVersion !== expected.formatVersion) {
    throw new FormatError(
      `${where}: format version ${header.formatVersion} (written by ${header.writer}), this version reads ${expected.formatVersion}; use the version that wrote it, or train again.`,
      {
        code: "ARTIFACT_VERSION",
        details: { found: header.formatVersion, expected: expected.formatVersion },
      },
    );
  }
  if (typeof header.files !== "object" || header.files === null) {
    throw new FormatError(`${where}: has no list of files.`, { code: "ARTIFACT_HEADER" });
  }
  return header as ArtifactHeader;
}

/**
 * Checks one file of an artifact against its header.
 *
 * @throws {FormatError} `ARTIFACT_CHECKSUM`
 */
export function verifyArtifactFile(
  where: string,
  header: ArtifactHeader,
  name: string,
  bytes: Uint8Array,
): void {
  const expected = Object.hasOwn(header.files, name) ? header.files[name] : undefined;
  const found = describeFile(bytes);
  if (expected === undefined) {
    throw new FormatError(`${where}: ${name} is not listed in the manifest.`, {
      code: "ARTIFACT_CHECKSUM",
      details: { name },
    });
  }
  if (expected.bytes !== found.bytes || expected.crc32 !== found.crc32) {
    throw new FormatError(
      `${where}: ${name} is damaged: ${found.bytes} bytes with CRC-32 ${found.crc32}, the manifest says ${expected.bytes} bytes with ${expected.crc32}.`,
      { code: "ARTIFACT_CHECKSUM", details: { name, expected, found } },
    );
  }
}

function describeFile(bytes: Uint8Array): ArtifactFile {
  return { bytes: bytes.byteLength, crc32: crc32(bytes).toString(16).padStart(8, "0") };
}
