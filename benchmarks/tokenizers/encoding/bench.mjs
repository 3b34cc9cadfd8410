/**
 * `node benchmarks/tokenizers/encoding/bench.mjs [task ...] [--rounds=N]`: encoding, ours and the peers',
 * each in a process of its own, rounds by turns. Tasks: r50k cl100k o200k wordpiece unigram sentencepiece.
 *
 * Ids are compared first: the column `ids` says how many of a peer's texts have ours (peers that drop
 * U+FEFF or reach other ids show it there). Figures are MB/s of UTF-8 by processor time of all threads of
 * the process, because other work on the machine stretches the clock: medians of the rounds; `first` is
 * the first pass over a text, without warm caches. `load` is milliseconds from import to the first ids.
 */
import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readTiktoken, writeTokenizerJson } from "@seq/tokenizers";
import { contenders } from "./contenders.mjs";
import { shared } from "./texts.mjs";

const all = ["r50k", "cl100k", "o200k", "wordpiece", "unigram", "sentencepiece"];
const chosen = process.argv.slice(2).filter((a) => all.includes(a));
const rounds = Number(process.argv.find((a) => a.startsWith("--rounds="))?.slice(9) ?? 5);
const scratch = mkdtempSync(join(tmpdir(), "seq-encoding-"));
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Peers that read tokenizer.json get the GPT encodings as we write them. */
function writeJson(task) {
  const name = `${task}_base`;
  const ranks = readFileSync(join(shared, `data/tokenizers/tiktoken/${name}.tiktoken`));
  const tokenizer = readTiktoken(ranks, name).with({ addedTokens: [] });
  writeFileSync(join(scratch, `${task}.json`), writeTokenizerJson(tokenizer));
}

async function start(name, small) {
  const child = fork(
    fileURLToPath(new URL("./child.mjs", import.meta.url)),
    [name, small ? "small" : ""],
    {
      serialization: "advanced",
    },
  );
  const answer = () => new Promise((resolve) => child.once("message", resolve));
  await answer();
  const ask = (message) => {
    const answered = answer();
    child.send(message);
    return answered;
  };
  return { name, ask, child };
}

async function run(task) {
  if (task.endsWith("k")) writeJson(task);
  const names = Object.keys(contenders).filter((name) => contenders[name].tasks.includes(task));
  const small = names.some((name) => contenders[name].slow);
  const oursSmall = small ? await start("@seq/tokenizers", true) : undefined;
  if (oursSmall) await oursSmall.ask({ load: task, scratch });
  const rows = new Map();
  const running = [];
  for (const name of names) {
    const isSlow = contenders[name].slow === true;
    const contender = await start(name, isSlow);
    const load = await contender.ask({ load: task, scratch });
    rows.set(name, { contender, load, isSlow, ids: "", figures: {} });
    running.push(contender);
  }
  for (const text of ["english", "mixed"]) {
    const ours = await rows.get("@seq/tokenizers").contender.ask({ time: "whole", text });
    rows.get("@seq/tokenizers").figures[`${text} first`] = [ours];
    const whole = await rows.get("@seq/tokenizers").contender.ask({ ids: text });
    const part = oursSmall ? await oursSmall.ask({ ids: text }) : undefined;
    for (const [name, row] of rows) {
      if (name === "@seq/tokenizers") continue;
      row.figures[`${text} first`] = [await row.contender.ask({ time: "whole", text })];
      const theirs = await row.contender.ask({ ids: text });
      const wanted = row.isSlow ? part : whole;
      row.ids += same(theirs.ids, wanted.ids) ? `${text} equal; ` : `${text} DIFFER; `;
    }
  }
  for (let round = 0; round < rounds; round++) {
    for (const [, row] of rows) {
      for (const text of ["english", "mixed"]) {
        for (const time of ["whole", "lines"]) {
          const list = (row.figures[`${text} ${time}`] ??= []);
          list.push(await row.contender.ask({ time, text }));
        }
      }
    }
  }
  print(task, rows);
  for (const { child } of running) child.kill();
  oursSmall?.child.kill();
}

function same(a, b) {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

function print(task, rows) {
  const columns = [
    "english first",
    "english whole",
    "english lines",
    "mixed first",
    "mixed whole",
    "mixed lines",
  ];
  console.log(
    `\n## ${task}\n\n| | load, ms | ${columns.join(" | ")} | ids |\n|---|---|${columns.map(() => "---|").join("")}---|`,
  );
  const speed = ({ ms, bytes }) => bytes / 1e3 / ms;
  for (const [name, row] of rows) {
    const cells = columns.map((column) => {
      const values = row.figures[column].map(speed);
      const spread =
        values.length > 1
          ? ` (${Math.min(...values).toFixed(1)}-${Math.max(...values).toFixed(1)})`
          : "";
      return `${median(values).toFixed(1)}${spread}`;
    });
    console.log(
      `| ${name} | ${row.load.cpu.toFixed(0)} | ${cells.join(" | ")} | ${row.ids || "-"} |`,
    );
  }
  const ours = rows.get("@seq/tokenizers");
  const ratios = columns.map((column) => {
    const peers = [...rows].filter(([name]) => name !== "@seq/tokenizers");
    const best = Math.max(...peers.map(([, row]) => median(row.figures[column].map(speed))));
    return `${(median(ours.figures[column].map(speed)) / best).toFixed(1)}x`;
  });
  console.log(`| ours / best peer | | ${ratios.join(" | ")} | |`);
}

console.log(
  `Node ${process.version}, ${cpus()[0]?.model}, ${rounds} rounds; MB/s by processor time, median (least-most).`,
);
for (const task of chosen.length > 0 ? chosen : all) await run(task);
rmSync(scratch, { recursive: true });
