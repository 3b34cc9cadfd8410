/** The built `seq` command as a person or a script meets it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { packageFolder, temporaryFolder } from "./packages.ts";

const main = join(packageFolder("cli"), "dist/main.js");
const folder = temporaryFolder("command");
const pairs = join(folder, "pairs.tsv");

/** Reversed words: small, and learnable in a moment. */
function writePairs(): void {
  const words = ["ab", "ba", "abc", "cab", "bca", "acb", "bac", "cba", "aab", "bba", "cca", "abb"];
  const lines = words.flatMap((a) =>
    words.map((b) => `${a} ${b}\t${[...`${a} ${b}`].reverse().join("")}`),
  );
  writeFileSync(pairs, `${lines.join("\n")}\n`);
}

function run(
  args: readonly string[],
  input = "",
): { status: number | null; out: string; err: string } {
  const result = spawnSync(process.execPath, [main, ...args], {
    input,
    encoding: "utf8",
    cwd: folder,
  });
  return { status: result.status, out: result.stdout, err: result.stderr };
}

function start(args: readonly string[]): ChildProcess & { text: () => string } {
  const child = spawn(process.execPath, [main, "start", "--pairs", pairs, ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return Object.assign(child, { text: () => text });
}

const metricsOf = (output: string) =>
  JSON.parse(readFileSync(join(folder, output, "metrics.json"), "utf8")) as Record<
    string,
    number[]
  >;

beforeAll(writePairs);

describe("seq start", () => {
  test("trains, measures, saves and reports; two runs of one seed have identical losses", () => {
    const args = ["start", "--pairs", pairs, "--steps", "12", "--seed", "3", "--simd", "exact"];
    const first = run([...args, "--output", "a"]);
    expect(first.err).not.toContain("seq:");
    expect(first.status).toBe(0);
    expect(first.out).toMatch(/exact match .* BLEU .* chrF .* perplexity/);
    expect(run([...args, "--output", "b"]).status).toBe(0);
    const metrics = metricsOf("a");
    expect(Object.keys(metrics)).toEqual([
      ...["job", "seed", "steps", "trainSeconds", "tokensPerSecond", "trainLoss", "devLoss"],
      ...["devSteps", "exactMatch", "bleu", "chrf", "perplexity", "parameters", "workers"],
      "kernelPath",
    ]);
    expect(metrics["trainLoss"]).toHaveLength(12);
    expect(metricsOf("b")["trainLoss"]).toEqual(metrics["trainLoss"]);
    expect(metricsOf("b")["devLoss"]).toEqual(metrics["devLoss"]);
    const page = readFileSync(join(folder, "a/report.html"), "utf8");
    expect(page).toContain("<svg");
    expect(page).not.toMatch(/(src|href)="https?:/); // self-contained
  });

  test("ends at Ctrl-C with status 130, says how to go on, and goes on to the uninterrupted curve", async () => {
    const args = ["--steps", "60", "--seed", "3", "--simd", "exact", "--output"];
    const whole = start([...args, "whole"]);
    await once(whole, "exit");
    const child = start([...args, "cut"]);
    while (!child.text().includes("dev loss")) await once(child.stderr as never, "data");
    child.kill("SIGINT");
    const [status] = await once(child, "exit");
    expect(status).toBe(130);
    expect(child.text()).toMatch(
      /seq: interrupted after step \d+; model and checkpoint are in cut. Go on with: seq start --resume --output cut\n$/,
    );
    expect(existsSync(join(folder, "cut/metrics.json"))).toBe(false);
    const resumed = run(["start", "--resume", "--output", "cut"]);
    expect(resumed.err).toContain("going on after step");
    expect(resumed.status).toBe(0);
    expect(metricsOf("cut")["trainLoss"]).toEqual(metricsOf("whole")["trainLoss"]);
  });

  test("goes on from its last checkpoint when it was killed", async () => {
    const child = start(["--steps", "60", "--seed", "3", "--simd", "exact", "--output", "killed"]);
    while (!child.text().includes("dev loss")) await once(child.stderr as never, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(run(["start", "--resume", "--output", "killed"]).status).toBe(0);
    expect(metricsOf("killed")["trainLoss"]).toEqual(metricsOf("whole")["trainLoss"]);
  });
});

describe("seq translate predict", () => {
  test("writes one line for each line that it reads, and nothing else on standard output", () => {
    const { status, out } = run(["translate", "predict", "--model", "a"], "ab cab\n\nbba ab\n");
    expect(status).toBe(0);
    expect(out.split("\n")).toHaveLength(4);
    expect(out.split("\n")[1]).toBe("");
    const json = run(["translate", "predict", "--model", "a", "--json", "--n-best", "2"], "ab\n");
    expect(JSON.parse(json.out)).toHaveLength(2);
  });

  test("refuses a folder of another version, a damaged one, and none, in one line", () => {
    const copy = (name: string, change: (text: string) => string) => {
      const target = join(folder, name);
      mkdirSync(target, { recursive: true });
      for (const file of readdirSync(join(folder, "a/model"))) {
        const bytes = readFileSync(join(folder, "a/model", file));
        writeFileSync(
          join(target, file),
          file === "manifest.json" ? change(bytes.toString("utf8")) : bytes,
        );
      }
      return target;
    };
    const cases: [string, RegExp][] = [
      [
        copy("newer", (text) => text.replace('"formatVersion": 1', '"formatVersion": 99')),
        /format version 99 .* this version reads 1/,
      ],
      [copy("damaged", (text) => text.replace(/"crc32": "\w{4}/, '"crc32": "0000')), /is damaged/],
      [copy("other", (text) => text.replace('"translator"', '"tagger"')), /holds a "tagger"/],
      ["nowhere", /does not exist/],
    ];
    for (const [model, message] of cases) {
      const { status, out, err } = run(["translate", "predict", "--model", model], "ab\n");
      expect(err).toMatch(message);
      expect(err.trim().split("\n")).toHaveLength(1);
      expect(out).toBe("");
      expect(status).toBe(1);
    }
  });
});

describe("bad input is named in one line, with a status above 0 and nothing written", () => {
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return name;
  };
  const cases: [name: string, args: () => string[], message: RegExp][] = [
    ["a missing file", () => ["--pairs", "missing.tsv"], /missing\.tsv/],
    ["an empty file", () => ["--pairs", file("empty.tsv", "")], /empty\.tsv: the file is empty/],
    [
      "a file that is not UTF-8",
      () => ["--pairs", file("latin1.tsv", Uint8Array.of(97, 9, 0xe4, 10))],
      /latin1\.tsv.*UTF-8/,
    ],
    [
      "a line without a tab",
      () => ["--pairs", file("no-tab.tsv", "a\tb\nonly one\n")],
      /no-tab\.tsv: line 2/,
    ],
    [
      "files of unequal length",
      () => ["--source", file("s.txt", "a\nb\n"), "--target", file("t.txt", "a\n")],
      /s\.txt.*2.*t\.txt.*1|2 lines.*1/,
    ],
    ["half a pair of files", () => ["--source", pairs], /--source was given without --target/],
    ["an unknown option", () => ["--stepz", "3"], /unknown option '--stepz'/],
    ["a number that is none", () => ["--steps", "many"], /--steps.*whole number/],
    [
      "an output folder that is a file",
      () => ["--pairs", pairs, "--output", pairs],
      /output folder/,
    ],
    [
      "an output folder that cannot be made",
      () => ["--pairs", pairs, "--output", join(pairs, "x")],
      /cannot write to the output folder/,
    ],
    ["nothing to resume", () => ["--resume", "--output", "never"], /no training to resume/],
  ];
  test.each(cases)("%s", (_, args, message) => {
    const before = readdirSync(folder).length;
    const list = args();
    const made = readdirSync(folder).length - before;
    const extra = list.includes("--output") ? [] : ["--output", "bad"];
    const { status, out, err } = run(["start", ...list, ...extra]);
    expect(err).toMatch(message);
    expect(err.trim().split("\n").length).toBeLessThanOrEqual(1);
    expect(status).toBeGreaterThan(0);
    expect(out).toBe("");
    expect(existsSync(join(folder, "bad"))).toBe(false);
    expect(readdirSync(folder).length).toBe(before + made);
  });
});
