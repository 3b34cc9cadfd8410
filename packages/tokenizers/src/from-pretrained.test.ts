import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sharedPath } from "@seq-internal/test-utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fromPretrained } from "./from-pretrained.ts";
import { folderCache, fromPretrained as fromPretrainedInNode } from "./node.ts";

const files = new Map<string, string | Buffer>([
  ["/t5/tokenizer.json", readFileSync(sharedPath("data/tokenizers/t5-small/tokenizer.json"))],
  ["/t5/tokenizer_config.json", readFileSync(sharedPath("data/tokenizers/t5-small/tokenizer_config.json"))],
  ["/sp/tokenizer.model", readFileSync(sharedPath("goldens/sentencepiece/uni400_nmt.model"))],
  ["/sp/tokenizer_config.json", '{"add_bos_token":true,"add_eos_token":true,"bos_token":{"content":"<s>"}}'],
  ["/owner/name/main/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nab\n##c\n<x>\n"],
  ["/owner/name/main/special_tokens_map.json", '{"additional_special_tokens":["<x>"]}'],
  ["/broken/tokenizer.json", "{"],
]); // biome-ignore format: one file a line

let server: Server;
let root = "";
let requests: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.url as string);
    const body = files.get(request.url as string);
    response.statusCode = body !== undefined ? 200 : request.url?.startsWith("/down") ? 503 : 404;
    response.end(body ?? "");
  });
  server.keepAliveTimeout = 60_000; // a busy machine must not make it close what a request is about to use
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

describe("fromPretrained", () => {
  test("loads a folder by URL, with its configuration", async () => {
    const t5 = await fromPretrained(`${root}/t5/`, { fetch });
    expect([...t5.encodeToIds("Hello world")]).toEqual([8774, 296, 1]);
    expect(t5.parts.specialRoles).toEqual({ eos: "</s>", unk: "<unk>", pad: "<pad>" });
  });

  test("adds the tokens that the configuration asks for", async () => {
    const sp = await fromPretrained(`${root}/sp`, { fetch });
    expect(sp.encode("hello").tokens.at(0)).toBe("<s>");
    expect(sp.encode("hello").tokens.at(-1)).toBe("</s>");
  });

  test("loads a hub id from the hub that the caller names, and keeps files in the cache", async () => {
    const kept = new Map<string, Uint8Array>();
    const cache = {
      get: (url: string) => kept.get(url),
      set: (url: string, bytes: Uint8Array) => void kept.set(url, bytes),
    };
    const options = { fetch, cache, hub: `${root}/{id}/{revision}/` };
    const first = await fromPretrained("owner/name", options);
    expect(first.encode("ABC<x>").tokens).toEqual(["[CLS]", "ab", "##c", "<x>", "[SEP]"]);
    requests = [];
    await fromPretrained("owner/name", options);
    expect(requests.some((url) => url.endsWith("vocab.txt"))).toBe(false);
  });

  test("fetches nothing unasked", async () => {
    await expect(fromPretrained(`${root}/t5/`)).rejects.toMatchObject({ code: "NO_FETCH" });
    await expect(fromPretrained("owner/name", { fetch })).rejects.toMatchObject({ code: "NO_HUB" });
    const hub = `${root}/{id}/`;
    await expect(fromPretrained("../secret", { fetch, hub })).rejects.toThrowError(/is no hub id/);
  });

  test("says what is missing, down or broken", async () => {
    await expect(fromPretrained(`${root}/nothing/`, { fetch })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(fromPretrained(`${root}/down/`, { fetch })).rejects.toThrowError(
      /answered 503, expected 200/,
    );
    await expect(fromPretrained(`${root}/broken/`, { fetch })).rejects.toThrowError(
      /^tokenizer.json: not valid JSON/,
    );
  });

  test("takes folders in Node without a fetch, and a folder as cache", async () => {
    const gpt2 = await fromPretrainedInNode(sharedPath("data/tokenizers/gpt2"));
    expect([...gpt2.encodeToIds("こんにちは")]).toEqual([46036, 22174, 28618, 2515, 94, 31676]);
    const folder = await mkdtemp(join(tmpdir(), "seq-cache-"));
    const cache = folderCache(folder);
    await fromPretrainedInNode(`${root}/t5/tokenizer.json`, { fetch, cache });
    expect((await readdir(folder)).filter((name) => name.endsWith(".partial"))).toEqual([]);
    expect(await cache.get(`${root}/t5/tokenizer.json`)).toHaveLength(1389353);
    await rm(folder, { recursive: true });
  });
});
