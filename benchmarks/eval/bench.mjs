/**
 * `node --expose-gc benchmarks/eval/bench.mjs [segments] [peer rounds]`: CPU seconds for corpus BLEU, chrF, chrF++
 * and TER, and for bootstrap resampling; sacreBLEU on the same files in the same run where
 * `python3 -c "import sacrebleu"` works. CPU seconds, because other work on the machine stretches the clock:
 * ours include the collector's threads, the peer is single-threaded. Ours is the median of three, the peer of
 * one unless told. The last column says whether both gave one score.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Bleu,
  bootstrapConfidence,
  corpusBleu,
  corpusChrf,
  corpusStatistics,
  corpusTer,
  RunningScore,
} from "@seq/eval";
import { makeCorpus } from "./corpus.mjs";

const segments = Number(process.argv[2] ?? 100_000);
const terSegments = Math.min(segments, 2_000);
const rounds = 3;
const peerRounds = Number(process.argv[3] ?? 1);
const folder = mkdtempSync(join(tmpdir(), "seq-eval-"));

/** The peer times itself: what starting Python costs is not counted. */
const peerScript = `
import json, sys, time
import sacrebleu
from sacrebleu.metrics import BLEU, CHRF, TER
name, n = sys.argv[3], int(sys.argv[4])
hyp = open(sys.argv[1], encoding="utf-8").read().split("\\n")[:n]
ref = open(sys.argv[2], encoding="utf-8").read().split("\\n")[:n]
metric = {"BLEU": BLEU(), "chrF": CHRF(), "chrF++": CHRF(word_order=2), "TER": TER(), "bootstrap": BLEU()}[name]
begin = time.process_time()
if name == "bootstrap":
    from sacrebleu.significance import _bootstrap_resample
    stats = metric._extract_corpus_statistics(hyp, [ref])
    begin = time.process_time()
    scores = _bootstrap_resample(stats, metric, 1000)[1]
    score = sum(s.score for s in scores) / len(scores)
else:
    score = metric.corpus_score(hyp, [ref]).score
print(json.dumps([time.process_time() - begin, score, sacrebleu.__version__]))
`;

function peerAvailable() {
  try {
    execFileSync("python3", ["-c", "import sacrebleu, numpy"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function runPeer(name, count) {
  const files = ["hypotheses.txt", "references.txt"].map((file) => join(folder, file));
  const output = execFileSync("python3", ["-c", peerScript, ...files, name, String(count)]);
  const [seconds, score] = JSON.parse(output.toString());
  return { seconds, score };
}

function timed(body) {
  const begin = process.cpuUsage();
  const score = body();
  const { user, system } = process.cpuUsage(begin);
  return { seconds: (user + system) / 1e6, score };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const { hypotheses, references } = makeCorpus(segments);
const [fewHypotheses, fewReferences] = [
  hypotheses.slice(0, terSegments),
  references.slice(0, terSegments),
];
writeFileSync(join(folder, "hypotheses.txt"), hypotheses.join("\n"));
writeFileSync(join(folder, "references.txt"), references.join("\n"));
const metric = new Bleu();
const rows = corpusStatistics(metric, fewHypotheses, fewReferences);

const tasks = [
  ["BLEU", segments, () => corpusBleu(hypotheses, references).value],
  ["chrF", segments, () => corpusChrf(hypotheses, references).value],
  ["chrF++", segments, () => corpusChrf(hypotheses, references, { wordOrder: 2 }).value],
  ["TER", terSegments, () => corpusTer(fewHypotheses, fewReferences).value],
  ["bootstrap", terSegments, () => bootstrapConfidence(metric, rows, { samples: 1000 }).mean],
];

const withPeer = peerAvailable();
console.log(
  `${segments} segments (${terSegments} for TER and 1000 bootstrap resamples), Node ${process.version}`,
);
if (!withPeer) console.log("sacreBLEU is not importable here: ours alone");
for (const [name, count, body] of tasks) {
  const own = [];
  const peer = [];
  for (let round = 0; round < rounds; round++) {
    own.push(timed(body));
    if (withPeer && round < peerRounds) peer.push(runPeer(name, count));
  }
  const seconds = median(own.map((run) => run.seconds));
  const line = [name.padEnd(10), `${seconds.toFixed(3)} s`.padStart(9)];
  if (peer.length > 0) {
    const theirs = median(peer.map((run) => run.seconds));
    const same = Math.abs(own[0].score - peer[0].score) < 1e-4 * Math.max(1, peer[0].score);
    line.push(
      `sacreBLEU ${theirs.toFixed(3)} s`.padStart(19),
      `${(theirs / seconds).toFixed(1)}x`.padStart(7),
    );
    line.push(same ? "same score" : `OTHER SCORE ${own[0].score} ${peer[0].score}`);
  }
  console.log(line.join("  "));
}

// Streaming: what stays on the heap after ten times the segments.
for (const times of [1, 10]) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const running = new RunningScore(new Bleu());
  for (let t = 0; t < times; t++) {
    for (let i = 0; i < 10_000 && i < segments; i++) running.add(hypotheses[i], [references[i]]);
  }
  globalThis.gc?.();
  const kept = (process.memoryUsage().heapUsed - before) / 1024;
  console.log(
    `streaming ${running.segments} segments keeps ${globalThis.gc ? `${kept.toFixed(0)} KiB` : "(run with --expose-gc)"}`,
  );
}
rmSync(folder, { recursive: true });
