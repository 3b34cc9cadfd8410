import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Rng } from "@seq/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../test/bundle.ts";
import { FolderStorage, type WriteFile } from "./folder-storage.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seq-checkpoints-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function fresh(): string {
  return join(folder, `run-${count++}`);
}

function files(mark: number): Map<string, Uint8Array> {
  return new Map([
    ["weights.safetensors", new Uint8Array([mark, 1, 2, 3])],
    ["files/tokenizer/merges.txt", new Uint8Array([mark])],
    ["manifest.json", new Uint8Array([mark, mark])],
  ]);
}

function bytesOf(read: ReadonlyMap<string, Uint8Array>): Map<string, number[]> {
  return new Map([...read].sort().map(([name, bytes]) => [name, [...bytes]]));
}

describe("FolderStorage", () => {
  test("gives back what was written, also in subfolders, lists, replaces and removes", async () => {
    const storage = new FolderStorage(fresh());
    expect(await storage.list()).toEqual([]);
    await storage.write("step-1", files(1));
    await storage.write("step-2", files(2));
    expect([...(await storage.list())].sort()).toEqual(["step-1", "step-2"]);
    expect(bytesOf(await storage.read("step-1"))).toEqual(bytesOf(files(1)));
    await storage.write("step-1", files(3));
    expect(bytesOf(await storage.read("step-1"))).toEqual(bytesOf(files(3)));
    await storage.remove("step-2");
    await storage.remove("step-2");
    expect(await storage.list()).toEqual(["step-1"]);
    await expect(storage.read("step-2")).rejects.toMatchObject({ code: "CHECKPOINT_MISSING" });
    expect(readdirSync(storage.folder)).toEqual(["step-1"]); // nothing hidden is left
  });

  test("a disk that is full at any of the files leaves the others as they were and no remains", async () => {
    for (let failAt = 0; failAt < 3; failAt++) {
      let calls = 0;
      const writeFile: WriteFile = async (path, bytes) => {
        if (calls++ === failAt) throw new Error("ENOSPC: no space left on device, write");
        writeFileSync(path, bytes);
      };
      const place = fresh();
      await new FolderStorage(place).write("step-1", files(1));
      const full = new FolderStorage(place, { writeFile });
      for (const name of ["step-2", "step-1"]) {
        calls = 0;
        await expect(full.write(name, files(9))).rejects.toMatchObject({
          code: "CHECKPOINT_WRITE",
          message: `checkpoint ${join(place, name)}: cannot be written (ENOSPC: no space left on device, write); the ones before it are untouched. Free some space or check the folder's permissions.`,
        });
      }
      expect(readdirSync(place)).toEqual(["step-1"]);
      expect(bytesOf(await full.read("step-1"))).toEqual(bytesOf(files(1)));
    }
  });

  test("what a crash leaves behind at any moment of a replacement is put right", async () => {
    const place = fresh();
    await new FolderStorage(place).write("step-1", files(1));
    // Killed while writing: a hidden half-written folder.
    mkdirSync(join(place, ".writing-step-2"));
    writeFileSync(join(place, ".writing-step-2", "weights.safetensors"), "half");
    expect(await new FolderStorage(place).list()).toEqual(["step-1"]);
    // Killed between the two renames of a replacement: only the old one exists, under its hidden name.
    renameSync(join(place, "step-1"), join(place, ".replaced-step-1"));
    expect(await new FolderStorage(place).list()).toEqual(["step-1"]);
    expect(bytesOf(await new FolderStorage(place).read("step-1"))).toEqual(bytesOf(files(1)));
    // Killed after them: both exist, the new one counts.
    mkdirSync(join(place, ".replaced-step-1"));
    await new FolderStorage(place).write("step-3", files(3));
    expect(readdirSync(place).sort()).toEqual(["step-1", "step-3"]);
  });
});

describe("a killed process", () => {
  let program = "";
  beforeAll(async () => {
    program = join(folder, "kill-worker.mjs");
    writeFileSync(program, await bundle(new URL("../../test/kill-worker.ts", import.meta.url)));
  });

  function start(
    place: string,
    log: string,
    pace: "slow" | "fast" = "fast",
  ): { child: ChildProcess; ended: Promise<void> } {
    const child = spawn(process.execPath, [program, place, log, "40", pace], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    return { child, ended: new Promise((resolve) => child.on("exit", () => resolve())) };
  }

  const linesOf = (log: string): string[] =>
    existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(0, -1) : [];

  test("SIGKILL at random moments, also in the middle of a save, and resumed: the curve of the uninterrupted run", async () => {
    const whole = join(folder, "whole.log");
    await start(fresh(), whole).ended;
    const expected = linesOf(whole);
    expect(expected).toHaveLength(41);
    expect(expected.at(-1)).toBe("done");

    const rng = new Rng(21);
    const [place, log] = [fresh(), join(folder, "killed.log")];
    let kills = 0;
    let torn = 0;
    while (linesOf(log).at(-1) !== "done") {
      const meetsSave = kills % 2 === 1;
      const { child, ended } = start(place, log, meetsSave ? "slow" : "fast");
      const isSaving = (): boolean =>
        existsSync(place) && readdirSync(place).some((name) => name.startsWith(".writing-"));
      // Once a random number of further lines is there, a random short time later.
      const target = linesOf(log).length + 4 + rng.integer(10);
      while (child.exitCode === null && linesOf(log).length < target) await sleep(2);
      if (!meetsSave) await sleep(rng.integer(12));
      else while (child.exitCode === null && !isSaving()) await sleep(0);
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        kills++;
      }
      await ended;
      if (isSaving()) torn++;
      expect(kills).toBeLessThan(60);
    }
    expect(kills).toBeGreaterThan(1);
    expect(torn).toBeGreaterThan(0); // killed in the middle of a save at least once
    // Every loss ever logged, in whichever life of the process, is the one of the uninterrupted run.
    const steps = linesOf(log).filter((line) => /^\d/.test(line));
    expect(new Set(steps)).toEqual(new Set(expected.slice(0, -1)));
    // Nothing beyond the two steps since the last checkpoint was done again, and no checkpoint was damaged.
    let last = 0;
    for (const line of linesOf(log)) {
      const [word, step, damaged] = line.split(" ");
      if (word === "resume") {
        expect(last - Number(step)).toBeLessThanOrEqual(2);
        expect(damaged).toBe("0");
      } else if (word !== "done") last = Number(word);
    }
  }, 600_000); // many processes are started: slow where the machine is busy
});

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
