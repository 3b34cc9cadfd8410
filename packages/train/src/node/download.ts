/**
 * Files from the web, whole and with the right bytes or not at all: checked by SHA-256, resumed where a connection broke,
 * put in place by a rename.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { checkInteger, checkOptions, SeqError } from "@seq/core";

export interface DownloadOptions {
  /** Expected SHA-256 of the file, 64 hexadecimal digits. */
  readonly sha256: string;
  readonly signal?: AbortSignal;
  /** Connections tried, each going on where the last one broke (default 4). */
  readonly attempts?: number;
  /** Milliseconds between attempts, doubled each time (default 500). */
  readonly retryDelay?: number;
  /** @param total - `undefined` when the server does not tell. */
  readonly onProgress?: (bytes: number, total: number | undefined) => void;
  /** Default the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/**
 * Downloads a file to a path. A file that is there already with the right sum is left alone; a broken download stays
 * beside it as `<path>.part`, and the next call goes on with it.
 *
 * @returns whether anything was fetched.
 * @throws {SeqError} `DOWNLOAD_FAILED` when the server refuses or the connection keeps breaking; `DOWNLOAD_CHECKSUM` when the
 *   bytes are others than expected (they are removed).
 */
export async function download(
  url: string,
  path: string,
  options: DownloadOptions,
): Promise<{ readonly fetched: boolean }> {
  checkOptions("download", options, [
    ...["sha256", "signal", "attempts", "retryDelay", "onProgress", "fetch"],
  ]);
  if (!/^[0-9a-f]{64}$/.test(options.sha256)) {
    throw new SeqError(`download: sha256 is "${options.sha256}", expected 64 hexadecimal digits.`, {
      code: "OPTION_RANGE",
    });
  }
  if ((await sizeOf(path)) !== undefined && (await sha256(path)) === options.sha256) {
    return { fetched: false };
  }
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.part`;
  await fetchAll(url, part, options);
  const found = await sha256(part);
  if (found !== options.sha256) {
    await rm(part, { force: true });
    throw new SeqError(
      `download: ${url} has SHA-256 ${found}, expected ${options.sha256}; the bytes were removed. The file on the server changed, or something on the way did.`,
      { code: "DOWNLOAD_CHECKSUM", details: { url, found, expected: options.sha256 } },
    );
  }
  await rename(part, path);
  return { fetched: true };
}

/** Tries until the last byte is there; each attempt asks for the bytes that are still missing. */
async function fetchAll(url: string, part: string, options: DownloadOptions): Promise<void> {
  const attempts = checkInteger("download", "attempts", options.attempts ?? 4, { min: 1 });
  const delay = checkInteger("download", "retryDelay", options.retryDelay ?? 500, { min: 0 });
  for (let attempt = 1; ; attempt++) {
    try {
      await fetchRest(url, part, options);
      return;
    } catch (cause) {
      options.signal?.throwIfAborted();
      if (SeqError.is(cause)) throw cause; // the server answered, and said no
      if (attempt === attempts) {
        throw new SeqError(
          `download: ${url} broke off ${attempts} times (${reasonOf(cause)}); call again to go on from ${(await sizeOf(part)) ?? 0} bytes.`,
          { code: "DOWNLOAD_FAILED", details: { url, attempts }, cause },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, delay * 2 ** (attempt - 1)));
    }
  }
}

async function fetchRest(url: string, part: string, options: DownloadOptions): Promise<void> {
  const { signal, onProgress } = options;
  const have = (await sizeOf(part)) ?? 0;
  // Compressed transfers would have other positions: ask for the bytes as they are.
  const headers = {
    "accept-encoding": "identity",
    ...(have > 0 ? { range: `bytes=${have}-` } : {}),
  };
  const response = await (options.fetch ?? fetch)(url, {
    headers,
    ...(signal === undefined ? {} : { signal }),
  });
  if (response.status === 416) {
    // Nothing lies beyond what we have: it is all there, or it is not the same file any more.
    await response.body?.cancel();
    return;
  }
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new SeqError(
      `download: ${url}: the server answered ${response.status} ${response.statusText}; check the address.`,
      { code: "DOWNLOAD_FAILED", details: { url, status: response.status } },
    );
  }
  const resumed = response.status === 206 && startOf(response) === have;
  const length = response.headers.get("content-length");
  let written = resumed ? have : 0;
  const total = length === null ? undefined : written + Number(length);
  // A server that does not know ranges sends all again: begin anew.
  const file = await open(part, resumed ? "a" : "w");
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      await file.writeFile(chunk);
      written += chunk.byteLength;
      onProgress?.(written, total);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  if (total !== undefined && written < total) throw new Error(`${written} of ${total} bytes came`);
}

/** First byte of a partial answer: `content-range: bytes 100-199/200`. */
function startOf(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1]);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

function reasonOf(error: unknown): string {
  const cause = (error as Error).cause;
  return cause instanceof Error ? cause.message : (error as Error).message;
}
