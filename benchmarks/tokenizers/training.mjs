/**
 * `node benchmarks/tokenizers/training.mjs [corpus.txt | corpus.txt.gz] [rounds] [rows]`: seconds and peak memory
 * of training on a corpus (default: the 27 MB of ../shared/data/lm/mixed.txt.gz), ours and the peers' in
 * the same run, each in a process of its own, by turns. Peers: the npm package `tokenizers` (Hugging
 * Face's Rust core, one thread; from Node it trains with the default of the model only: 30000 tokens, or
 * 8000 for Unigram) and `spm_train` where it is on the path (Debian's package `sentencepiece`).
 *
 * Bytes a token are measured on held-out text with each tool's own vocabulary by our encoder, so that a
 * quick but bad vocabulary shows. BPE is compared with the peer's vocabulary and merges as well.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { readSentencePiece, readTokenizerJson } from "@seq/tokenizers";

const here = dirname(fileURLToPath(import.meta.url));
const shared = process.env.SEQ_SHARED ?? join(here, "../../../shared");
const source = process.argv[2] ?? join(shared, "data/lm/mixed.txt.gz");
const rounds = Number(process.argv[3] ?? 3);
const wanted = new RegExp(process.argv[4] ?? "", "i"); // which rows, by name
const heldOut = readFileSync(join(shared, "data/lm/english-novels/test.txt"), "utf8");

const folder = mkdtempSync(join(tmpdir(), "seq-training-"));
const corpus = join(folder, "corpus.txt");
const bytes = readFileSync(source);
writeFileSync(corpus, source.endsWith(".gz") ? gunzipSync(bytes) : bytes);

/** Each row: what is trained, and the tools that can. */
const rows = [
  { name: "byte-level BPE 30000, to the last pair", tools: [["seq", "bpe-like-hf"], ["hf", "bpe"]] },
  { name: "byte-level BPE 8000", tools: [["seq", "bpe", 8000]] },
  { name: "byte-level BPE 32000", tools: [["seq", "bpe", 32000], ["seq", "bpe", 32000, 2]] },
  {
    name: "WordPiece 30000, by frequency",
    tools: [["seq", "wordpiece", 30000], ["seq", "wordpiece", 30000, 2], ["hf", "wordpiece"]],
  },
  { name: "WordPiece 30000, by likelihood gain", tools: [["seq", "wordpiece-gain", 30000]] },
  { name: "Unigram 8000", tools: [["seq", "unigram", 8000], ["spm", "unigram", 8000]] },
  { name: "Unigram 32000", tools: [["seq", "unigram", 32000], ["spm", "unigram", 32000]] },
]; // biome-ignore format: a table

function has(command) {
  try {
    execFileSync("which", [command], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
const withSpm = has("spm_train") && has("/usr/bin/time");

/** Trains once; gives seconds on the clock, CPU seconds, peak MB, and the file of the tokenizer. */
function run([tool, kind, size, workers = 1], out) {
  if (tool === "spm") return runSpm(kind, size, out);
  const script = join(here, tool === "seq" ? "train-seq.mjs" : "train-hf.mjs");
  const args = [script, kind, corpus, `${out}.json`, String(size ?? 0), String(workers)];
  const env = { ...process.env, RAYON_NUM_THREADS: "1", TOKENIZERS_PARALLELISM: "false" };
  const output = execFileSync(process.execPath, args, { env, encoding: "utf8" });
  return { ...JSON.parse(output.trim().split("\n").at(-1)), file: `${out}.json` };
}

function runSpm(kind, size, out) {
  const figures = `${out}.time`;
  execFileSync("/usr/bin/time", [
    "-o", figures, "-f", "%e %U %S %M", "spm_train", `--input=${corpus}`, `--model_prefix=${out}`,
    `--vocab_size=${size}`, `--model_type=${kind}`, "--num_threads=1", "--minloglevel=2",
  ]); // biome-ignore format: a command
  const [seconds, user, system, kilobytes] = readFileSync(figures, "utf8")
    .trim()
    .split(" ")
    .map(Number);
  return { seconds, cpu: user + system, megabytes: kilobytes / 1024, file: `${out}.model` };
}

function read(file) {
  return file.endsWith(".model")
    ? readSentencePiece(readFileSync(file))
    : readTokenizerJson(readFileSync(file, "utf8"));
}

/** Vocabulary and merges, for equality. */
function learned(tokenizer) {
  const { model } = tokenizer.parts;
  return JSON.stringify([[...model.vocab.entries()], model.merges ? [...model.merges()] : []]);
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const spread = (values) => `${Math.min(...values).toFixed(1)}-${Math.max(...values).toFixed(1)}`;

console.log(
  `${(readFileSync(corpus).length / 1e6).toFixed(1)} MB, ${rounds} rounds, medians; Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`,
);
console.log(
  "what | tool | CPU s (spread) | clock s | peak MB | bytes a token, held out | vocabulary",
);
for (const { name, tools } of rows.filter((row) => wanted.test(row.name))) {
  const able = tools.filter(([tool]) => tool !== "spm" || withSpm);
  const runs = able.map(() => []);
  for (let round = 0; round < rounds; round++) {
    able.forEach((tool, i) => {
      runs[i].push(run(tool, join(folder, `${i}`)));
    });
  }
  const tokenizers = runs.map((list) => read(list[0].file));
  const first = learned(tokenizers[0]);
  able.forEach(([tool, , , workers = 1], i) => {
    const list = runs[i];
    const cpu = list.map((r) => r.cpu);
    const tokens = heldOut
      .split("\n")
      .reduce((sum, line) => sum + tokenizers[i].count(line, { addSpecialTokens: false }), 0);
    const same =
      i === 0
        ? `${tokenizers[i].vocabSize} tokens`
        : learned(tokenizers[i]) === first
          ? "equal, merges too"
          : `${tokenizers[i].vocabSize} tokens`;
    console.log(
      [
        name,
        `${tool}${workers > 1 ? `, ${workers} workers` : ""}`,
        `${median(cpu).toFixed(1)} (${spread(cpu)})`,
        median(list.map((r) => r.seconds)).toFixed(1),
        Math.max(...list.map((r) => r.megabytes)).toFixed(0),
        (Buffer.byteLength(heldOut) / tokens).toFixed(3),
        same,
      ].join(" | "),
    );
  });
}
rmSync(folder, { recursive: true });
