/** Against a server on loopback that breaks off, forgets ranges, lies, and refuses. */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Rng } from "@seq/core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { download } from "./download.ts";

const content = (() => {
  const rng = new Rng(5);
  return Uint8Array.from({ length: 300_000 }, () => rng.integer(256));
})();
const sha256 = createHash("sha256").update(content).digest("hex");
let folder = "";
let server: Server;
let url = "";
let handle: (request: IncomingMessage, response: ServerResponse) => void;
/** `range` header of each request. */
let asked: (string | undefined)[] = [];
let count = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "seq-download-"));
  server = createServer((request, response) => {
    asked.push(request.headers.range);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/corpus.txt`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  asked = [];
});

/** Comparing sums is much faster than comparing arrays. */
const sumOf = (path: string): string =>
  createHash("sha256").update(readFileSync(path)).digest("hex");

const fresh = (): string => join(folder, String(count++), "corpus.txt");

/** Answers with ranges; breaks each connection off after so many bytes of the body. */
function serve(body: Uint8Array, breakAfter = Number.POSITIVE_INFINITY): typeof handle {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    if (start >= body.length) {
      response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
      return;
    }
    const rest = body.subarray(start);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      "content-length": rest.length,
      ...(request.headers.range === undefined
        ? {}
        : { "content-range": `bytes ${start}-${body.length - 1}/${body.length}` }),
    });
    if (rest.length <= breakAfter) response.end(rest);
    else
      response.write(rest.subarray(0, breakAfter), () => setTimeout(() => response.destroy(), 10));
  };
}

describe("download", () => {
  test("puts the file in place, tells the progress, and fetches it only once", async () => {
    handle = serve(content);
    const path = fresh();
    const progress: [number, number | undefined][] = [];
    const onProgress = (bytes: number, total: number | undefined) => progress.push([bytes, total]);
    expect(await download(url, path, { sha256, onProgress })).toEqual({ fetched: true });
    expect(sumOf(path)).toBe(sha256);
    expect(progress.at(-1)).toEqual([300_000, 300_000]);
    expect(existsSync(`${path}.part`)).toBe(false);
    expect(await download(url, path, { sha256 })).toEqual({ fetched: false });
    expect(asked).toEqual([undefined]);
  });

  test("goes on where a connection broke, within one call and in a later one", async () => {
    handle = serve(content, 90_000);
    const path = fresh();
    await expect(download(url, path, { sha256, attempts: 2, retryDelay: 1 })).rejects.toMatchObject(
      {
        code: "DOWNLOAD_FAILED",
        message: expect.stringMatching(
          /corpus\.txt broke off 2 times \(.+\); call again to go on from \d+ bytes\.$/,
        ),
      },
    );
    const kept = readFileSync(`${path}.part`).length;
    expect(kept).toBeGreaterThan(0);
    expect(existsSync(path)).toBe(false);
    asked = [];
    await download(url, path, { sha256, attempts: 8, retryDelay: 1 });
    expect(asked[0]).toBe(`bytes=${kept}-`);
    expect(asked.length).toBeGreaterThan(1);
    expect(sumOf(path)).toBe(sha256);
  });

  test("a server that does not know ranges sends all again", async () => {
    const path = fresh();
    handle = serve(content, 50_000);
    await download(url, path, { sha256, attempts: 1 }).catch(() => {});
    handle = (_request, response) => {
      response.writeHead(200, { "content-length": content.length }).end(content);
    };
    await download(url, path, { sha256 });
    expect(sumOf(path)).toBe(sha256);
  });

  test("a part that is already whole is taken", async () => {
    const path = fresh();
    handle = serve(content, 50_000);
    await download(url, path, { sha256, attempts: 1 }).catch(() => {});
    writeFileSync(`${path}.part`, content);
    handle = serve(content);
    await download(url, path, { sha256 });
    expect(sumOf(path)).toBe(sha256);
  });

  test("other bytes than expected are removed and named; the file that was there stays", async () => {
    const path = fresh();
    handle = serve(content);
    await download(url, path, { sha256 });
    const changed = content.slice();
    changed[1000] = changed[1000]! ^ 1;
    const other = createHash("sha256").update(changed).digest("hex");
    await expect(download(url, path, { sha256: other })).rejects.toMatchObject({
      code: "DOWNLOAD_CHECKSUM",
      message: `download: ${url} has SHA-256 ${sha256}, expected ${other}; the bytes were removed. The file on the server changed, or something on the way did.`,
    });
    expect(existsSync(`${path}.part`)).toBe(false);
    expect(sumOf(path)).toBe(sha256);
  });

  test("a refusal is told at once, an abort ends it", async () => {
    handle = (_request, response) => response.writeHead(404).end();
    await expect(download(url, fresh(), { sha256, retryDelay: 1 })).rejects.toMatchObject({
      code: "DOWNLOAD_FAILED",
      message: `download: ${url}: the server answered 404 Not Found; check the address.`,
    });
    expect(asked).toHaveLength(1);
    handle = serve(content, 1000);
    await expect(
      download(url, fresh(), {
        sha256,
        signal: AbortSignal.timeout(30),
        attempts: 1000,
        retryDelay: 1,
      }),
    ).rejects.toMatchObject({ name: "TimeoutError" });
    await expect(download(url, fresh(), { sha256: "abc" })).rejects.toThrow(
      'download: sha256 is "abc", expected 64 hexadecimal digits.',
    );
  });
});
