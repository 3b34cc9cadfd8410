import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../test/bundle.ts";
import type { StepEvent } from "../loop/fit.types.ts";
import { nodeWorker } from "../node/node-worker.ts";
import { RemoteRun } from "./remote-run.ts";

let folder = "";
let runModule = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "seq-workers-"));
  runModule = join(folder, "run.mjs");
  writeFileSync(runModule, await bundle(new URL("../../test/run-worker.ts", import.meta.url)));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a training in a worker", () => {
  const start = (config: unknown, onProgress?: (event: StepEvent) => void) =>
    new RemoteRun<{ steps: number; reason: string }, StepEvent>(
      nodeWorker(runModule),
      config,
      onProgress === undefined ? {} : { onProgress },
    );

  test("tells its progress and its result", async () => {
    const steps: number[] = [];
    const run = start({ maxSteps: 20 }, ({ step }) => steps.push(step));
    expect(await run.result).toEqual({ steps: 20, reason: "maxSteps" });
    expect(steps).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });

  test("pauses, goes on, and aborts", async () => {
    let last = 0;
    const run = start({ maxSteps: 1_000_000 }, ({ step }) => {
      last = step;
    });
    const until = async (condition: () => boolean) => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await until(() => last >= 3);
    run.pause();
    // Paused once no step comes for a while.
    let [held, seen] = [0, -1];
    await until(() => {
      held = last === seen ? held + 1 : 0;
      seen = last;
      return held > 30;
    });
    run.resume();
    await until(() => last > seen + 2);
    run.pause();
    run.abort();
    const { reason, steps } = await run.result;
    expect(reason).toBe("aborted");
    expect(steps).toBe(last);
  });

  test("its errors keep their code", async () => {
    await expect(start({ fail: true }).result).rejects.toMatchObject({
      code: "UNKNOWN_OPTION",
      message: expect.stringContaining('fit: unknown option "steps"'),
    });
  });
});
