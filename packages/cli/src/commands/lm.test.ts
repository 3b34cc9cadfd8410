import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { registerLm } from "./lm.ts";

let folder = "";
const text = `${"the cat sat on the mat\nthe dog sat on the cat\na dog ate the mat\n".repeat(30)}`;

/** Runs `seq lm ...` in this process and returns what it wrote to standard output. */
async function lm(...args: string[]): Promise<string> {
  const program = new Command("seq").exitOverride();
  registerLm(program);
  let out = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((part) => {
    out += String(part);
    return true;
  });
  const quiet = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    await program.parseAsync(["lm", ...args], { from: "user" });
  } finally {
    spy.mockRestore();
    quiet.mockRestore();
  }
  return out;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "seq-lm-"));
  await writeFile(join(folder, "train.txt"), text);
  await writeFile(join(folder, "test.txt"), "the dog sat on the mat\na zebra ate\n");
  await lm(
    ...["train", "--arch", "kn", "--order", "3", "--unit", "word"],
    ...["--input", join(folder, "train.txt"), "--output", join(folder, "kn")],
  );
  await lm(
    ...[
      "train",
      "--arch",
      "gru",
      "--unit",
      "char",
      "--hidden",
      "24",
      "--embedding",
      "12",
      "--steps",
      "60",
    ],
    ...["--batch", "8", "--chunk", "20", "--learning-rate", "0.02"],
    ...["--input", join(folder, "train.txt"), "--valid", join(folder, "test.txt")],
    ...["--output", join(folder, "gru"), "--precision", "float16"],
  );
});
afterAll(() => rm(folder, { recursive: true }));

describe("seq lm", () => {
  test("eval gives one JSON object with all measures, and counts unknown words", async () => {
    const scores = JSON.parse(
      await lm(
        "eval",
        "--model",
        join(folder, "kn"),
        "--input",
        join(folder, "test.txt"),
        "--json",
      ),
    );
    expect(scores).toMatchObject({
      tokens: 11,
      words: 9,
      lines: 2,
      characters: 35,
      bytes: 35,
      unknown: 1,
    });
    expect(scores.perplexity).toBeCloseTo(Math.exp(scores.nats), 9);
    expect(scores.wordPerplexity).toBeCloseTo(scores.perplexity, 9); // words are the tokens
    expect(scores.bitsPerByte).toBeCloseTo((scores.nats * 11) / Math.LN2 / 35, 9);
  });

  test("a trained character model knows its text better than a uniform one", async () => {
    const scores = JSON.parse(
      await lm(
        "eval",
        "--model",
        join(folder, "gru"),
        "--input",
        join(folder, "train.txt"),
        "--json",
      ),
    );
    expect(scores.nats).toBeLessThan(1.5);
    expect(scores.tokens).toBe(text.length);
  });

  test("topk lists what follows a prefix with its probability", async () => {
    const rows = JSON.parse(
      await lm("topk", "--model", join(folder, "kn"), "--prefix", "sat on", "--k", "2", "--json"),
    );
    expect(rows).toHaveLength(2);
    expect(rows[0].text).toBe("the");
    const plain = await lm("topk", "--model", join(folder, "kn"), "--prefix", "sat on", "--k", "1");
    expect(plain).toMatch(/^ ?\d\d\.\d\d % {2}"the"\n$/);
  });

  test("generate continues a prompt, the same for the same seed", async () => {
    const run = (model: string, ...more: string[]) =>
      lm("generate", "--model", join(folder, model), "--max-tokens", "12", ...more);
    const greedy = await run("kn", "--prompt", "a dog", "--temperature", "0", "--one-line");
    expect(greedy).toMatch(/^a dog ?ate the /);
    expect(await run("gru", "--seed", "5")).toBe(await run("gru", "--seed", "5"));
    expect(await run("gru", "--seed", "5")).not.toBe(await run("gru", "--seed", "6"));
  });

  test("refuses what does not fit, in one line", async () => {
    await expect(
      lm("eval", "--model", join(folder, "kn"), "--input", join(folder, "none.txt")),
    ).rejects.toThrow(/^cannot read .*none\.txt: ENOENT/);
    await expect(
      lm("eval", "--model", join(folder, "none"), "--input", join(folder, "test.txt")),
    ).rejects.toThrow(/manifest\.json does not exist/);
    await writeFile(join(folder, "empty.txt"), "\n\n");
    await expect(
      lm("train", "--input", join(folder, "empty.txt"), "--output", join(folder, "x")),
    ).rejects.toThrow("trainLanguageModel: the text is empty, expected lines to learn from.");
    await writeFile(join(folder, "latin.txt"), Uint8Array.of(0x61, 0xe9, 0x0a));
    await expect(
      lm("train", "--input", join(folder, "latin.txt"), "--output", join(folder, "x")),
    ).rejects.toThrow(/latin\.txt: not valid UTF-8; convert it first\./);
  });
});
