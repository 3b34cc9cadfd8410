/**
 * `node benchmarks/train/streaming.mjs [millions]`: writes a gzipped text of so many million words (default 10), streams it
 * into batches for one epoch, and collects its ids; prints words a second and the largest memory.
 */
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGzip } from "node:zlib";
import { Rng } from "@seq/core";
import { collectIds, streamSequenceBatches } from "@seq/train";
import { streamLines } from "@seq/train/node";

const words = Number(process.argv[2] ?? 10) * 1e6;
const folder = mkdtempSync(join(tmpdir(), "seq-streaming-"));
const path = join(folder, "corpus.txt.gz");
const perLine = 20;

async function write() {
  const rng = new Rng(1);
  const gzip = createGzip({ level: 1 });
  const written = new Promise((resolve) =>
    gzip.pipe(createWriteStream(path)).on("finish", resolve),
  );
  for (let line = 0; line < words / perLine; line++) {
    const ids = Array.from({ length: perLine }, () => rng.integer(30000).toString(36));
    if (!gzip.write(`${ids.join(" ")}\n`))
      await new Promise((resolve) => gzip.once("drain", resolve));
  }
  gzip.end();
  await written;
}

async function* encoded() {
  for await (const line of streamLines(path)) {
    yield Int32Array.from(line.split(" "), (word) => Number.parseInt(word, 36));
  }
}

let peak = 0;
const sample = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss);
}, 20);

async function measured(label, body) {
  const begin = performance.now();
  const count = await body();
  const seconds = (performance.now() - begin) / 1000;
  if (count !== words) throw new Error(`${label}: ${count} words came, expected ${words}`);
  console.log(
    `${label}: ${(count / 1e6 / seconds).toFixed(2)} million words/s, largest memory ${Math.round(peak / 2 ** 20)} MB`,
  );
}

await write();
console.log(`${words / 1e6} million words, ${(statSync(path).size / 1e6).toFixed(1)} MB gzipped`);
await measured("batches from the stream", async () => {
  const data = streamSequenceBatches(encoded, { maxTokens: 4000 });
  let count = 0;
  for (;;) {
    const { batch, endsEpoch } = await data.next();
    for (const length of batch.lengths) count += length;
    if (endsEpoch) return count;
  }
});
await measured("all ids in one array", async () => (await collectIds(encoded())).length);
clearInterval(sample);
rmSync(folder, { recursive: true });
