import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { crc32c, scalarRecord, tfRecord } from "../logs/tensorboard.ts";
import type { StepEvent } from "../loop/fit.types.ts";
import { csvLog, jsonLinesLog, tensorBoardLog } from "./metric-logs.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seq-logs-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function event(step: number, changes: Partial<StepEvent> = {}): StepEvent {
  return {
    ...{ step, epoch: 1, loss: 2.5 / step, learningRate: 0.001, gradientNorm: 0.25, tokens: 10 },
    ...{ tokensPerSecond: 500, seconds: step, eta: 10 - step },
    ...changes,
  };
}

describe("JSON Lines and CSV", () => {
  test("every step and evaluation is there at once", () => {
    const path = join(folder, "deep", "a.jsonl");
    const log = jsonLinesLog(path);
    log.step(event(1));
    log.evaluation({ step: 1, epoch: 1, best: true, scores: { loss: 2, BLEU: 31.5 } });
    expect(readFileSync(path, "utf8")).toBe(
      '{"step":1,"epoch":1,"loss":2.5,"learningRate":0.001,"gradientNorm":0.25,"tokens":10,"tokensPerSecond":500,"seconds":1}\n' +
        '{"step":1,"epoch":1,"best":true,"scores":{"loss":2,"BLEU":31.5}}\n',
    );
    const table = join(folder, "a.csv");
    const csv = csvLog(table);
    csv.step(event(2));
    csv.evaluation({ step: 2, epoch: 1, best: false, scores: { loss: 2, 'a,"b"': 1 } });
    expect(readFileSync(table, "utf8")).toBe(
      "step,epoch,loss,learningRate,gradientNorm,tokens,tokensPerSecond,seconds\n2,1,1.25,0.001,0.25,10,500,2\n",
    );
    expect(readFileSync(join(folder, "a.evaluations.csv"), "utf8")).toBe(
      'step,epoch,best,score,value\n2,1,false,loss,2\n2,1,false,"a,""b""",1\n',
    );
  });

  test("a resumed run drops the steps that are done again and a line cut off by the crash", () => {
    for (const [name, open] of [
      ["r.jsonl", jsonLinesLog],
      ["r.csv", csvLog],
    ] as const) {
      const path = join(folder, name);
      const log = open(path);
      for (let step = 1; step <= 5; step++) log.step(event(step));
      const whole = readFileSync(path, "utf8").split("\n");
      appendFileSync(path, name === "r.csv" ? "6,1,0.4" : '{"step":6,"ep');
      open(path, { resumeAt: 3 }).step(event(4));
      const header = name === "r.csv" ? 1 : 0;
      expect(readFileSync(path, "utf8")).toBe(`${whole.slice(0, header + 4).join("\n")}\n`);
      open(path); // without resumeAt the log begins anew
      expect(readFileSync(path, "utf8").split("\n").length).toBe(header + 1);
    }
  });
});

describe("TensorBoard", () => {
  test("CRC-32C has its published check value", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa); // RFC 3720, B.4: 32 bytes of zeros
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  });

  test("the first record has the bytes every event file of TensorFlow begins with", () => {
    tensorBoardLog(join(folder, "first"), { wallTime: () => 1_700_000_000.5 });
    const [name] = readdirSync(join(folder, "first"));
    const bytes = readFileSync(join(folder, "first", name!));
    // Length 24 and its masked sum; then field 1 (a double), field 3 of 13 bytes.
    expect(bytes.subarray(0, 13).toString("hex")).toBe("1800000000000000a37f4b2209");
    expect(bytes.subarray(21, 36).toString("latin1")).toBe("\x1a\rbrain.Event:2");
    expect(name).toMatch(/^events\.out\.tfevents\.1700000000\./);
  });

  test("records read back: wall time, step, tags and values", () => {
    const path = join(folder, "board");
    const log = tensorBoardLog(path, { wallTime: () => 1.5 });
    log.step(event(300));
    log.evaluation({ step: 300, epoch: 1, best: true, scores: { BLEU: 31.5 } });
    const [file] = readdirSync(path);
    const records = splitRecords(Uint8Array.from(readFileSync(join(path, file!))));
    expect(records).toHaveLength(3);
    const steps = records.slice(1).map(readEvent);
    expect(steps[0]).toEqual({
      wallTime: 1.5,
      step: 300,
      scalars: [
        ["train/loss", Math.fround(2.5 / 300)],
        ["train/learning rate", Math.fround(0.001)],
        ["train/gradient norm", 0.25],
        ["train/tokens per second", 500],
      ],
    });
    expect(steps[1]?.scalars).toEqual([["evaluation/BLEU", 31.5]]);
  });

  test("a resumed run opens a further file that tells where it goes on", () => {
    const path = join(folder, "resumed");
    tensorBoardLog(path, { wallTime: () => 1 });
    tensorBoardLog(path, { wallTime: () => 1, resumeAt: 20 });
    const files = readdirSync(path).sort();
    expect(files).toHaveLength(2);
    const [, restart] = splitRecords(Uint8Array.from(readFileSync(join(path, files[1]!))));
    expect(readEvent(restart!)).toMatchObject({ step: 21 });
    expect([...restart!.subarray(-4)]).toEqual([7 * 8 + 2, 2, 8, 1]); // session_log { status: START }
  });

  test("a large step is one whole number", () => {
    const record = scalarRecord(0, 2 ** 40 + 5, {});
    expect(readEvent(record.subarray(12, -4)).step).toBe(2 ** 40 + 5);
  });
});

/** Splits a file into the data of its records, checking all sums. */
function splitRecords(file: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  let at = 0;
  while (at < file.length) {
    const length = new DataView(file.buffer, file.byteOffset + at).getUint32(0, true);
    const data = file.slice(at + 12, at + 12 + length);
    expect(file.subarray(at, at + 16 + length)).toEqual(tfRecord(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** A reader of protocol buffers, enough for events. */
function readEvent(data: Uint8Array): {
  wallTime?: number;
  step?: number;
  scalars: [string, number][];
} {
  const result: { wallTime?: number; step?: number; scalars: [string, number][] } = { scalars: [] };
  for (const { field, value, bytes } of fields(data)) {
    if (field === 1) result.wallTime = new DataView(bytes.buffer).getFloat64(0, true);
    if (field === 2) result.step = value;
    if (field === 5) {
      for (const summary of fields(bytes)) {
        const [tag, number] = [...fields(summary.bytes)];
        result.scalars.push([
          new TextDecoder().decode(tag!.bytes),
          new DataView(number!.bytes.buffer).getFloat32(0, true),
        ]);
      }
    }
  }
  return result;
}

function* fields(data: Uint8Array): Generator<{ field: number; value: number; bytes: Uint8Array }> {
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = data[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < data.length) {
    const key = varint();
    const [field, wire] = [key >>> 3, key & 7];
    const value = wire === 0 || wire === 2 ? varint() : 0;
    const length = wire === 0 ? 0 : wire === 1 ? 8 : wire === 5 ? 4 : value;
    yield { field, value, bytes: data.slice(at, at + length) };
    at += length;
  }
}
