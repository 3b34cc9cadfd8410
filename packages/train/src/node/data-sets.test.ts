import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { sharedPath } from "@seq-internal/test-utils";
import { expect, test } from "vitest";
import { getDataSet, listDataSets } from "./data-sets.ts";
import { readParallel } from "./read-lines.ts";

const places: Readonly<Record<string, string>> = {
  "tiny-shakespeare": "lm/tinyshakespeare.txt",
  multi30k: "mt/multi30k/",
  "ud-ewt": "tagging/ud-english-ewt/",
};

/** The bytes of a data set's file, from the corpora beside the repository. */
function bytesOf(dataSet: string, name: string): Uint8Array {
  const place = places[dataSet] as string;
  if (!place.endsWith("/")) return readFileSync(sharedPath(`data/${place}`));
  if (name !== "en_ewt-ud-train.conllu") return readFileSync(sharedPath(`data/${place}${name}`));
  return gunzipSync(readFileSync(sharedPath(`data/${place}${name}.gz`)));
}

test("sizes and sums are those of the real files, addresses name a full commit", () => {
  for (const { name, files, licence } of listDataSets()) {
    expect(licence.length).toBeGreaterThan(5);
    for (const file of files) {
      const bytes = bytesOf(name, file.name);
      expect(bytes.length, file.name).toBe(file.bytes);
      expect(createHash("sha256").update(bytes).digest("hex"), file.name).toBe(file.sha256);
      expect(file.url).toMatch(
        /^https:\/\/raw\.githubusercontent\.com\/[\w-]+\/[\w-]+\/[0-9a-f]{40}\//,
      );
    }
  }
});

test("a data set is downloaded once and can be read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "seq-data-sets-"));
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const name = request.url?.split("/").at(-1) as string;
    requests.push(name);
    response.end(bytesOf("multi30k", name));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  // The same paths on loopback.
  const local: typeof fetch = (url, init) =>
    fetch(String(url).replace(/^https:\/\/[^/]+/, `http://127.0.0.1:${port}`), init);
  try {
    const { dataSet, paths } = await getDataSet("multi30k", folder, { fetch: local });
    await getDataSet("multi30k", folder, { fetch: local });
    expect(requests).toEqual(dataSet.files.map(({ name }) => name));
    const pairs = await readParallel(paths.get("val.en.gz")!, paths.get("val.de.gz")!);
    expect(pairs).toHaveLength(1014);
    expect(statSync(paths.get("train.fr.gz")!).size).toBe(604242);
    await expect(getDataSet("multi31k", folder)).rejects.toThrow(
      'getDataSet: no data set "multi31k"; there are tiny-shakespeare, multi30k, ud-ewt.',
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
});
