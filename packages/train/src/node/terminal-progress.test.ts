import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import type { StepEvent } from "../loop/fit.types.ts";
import { formatSeconds, terminalProgress } from "./terminal-progress.ts";

function event(step: number, changes: Partial<StepEvent> = {}): StepEvent {
  return {
    ...{ step, epoch: 1, loss: 2.5 / step, learningRate: 0.001, gradientNorm: 0.25, tokens: 10 },
    ...{ tokensPerSecond: 500, seconds: step, eta: 10 - step },
    ...changes,
  };
}

describe("terminalProgress", () => {
  function collect(isTTY: boolean): {
    stream: Writable & { isTTY: boolean; columns: number };
    text: () => string;
  } {
    let text = "";
    const stream = new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk);
        done();
      },
    });
    return { stream: Object.assign(stream, { isTTY, columns: 200 }), text: () => text };
  }

  test("without a terminal: a plain line every few seconds, and every evaluation", () => {
    const { stream, text } = collect(false);
    const progress = terminalProgress({ stream, maxSteps: 10, secondsBetweenLines: 2 });
    for (let step = 1; step <= 4; step++) progress.step(event(step));
    progress.evaluation({ step: 4, epoch: 1, best: true, scores: { loss: 1.23456, BLEU: 30 } });
    progress.stop();
    expect(text()).toBe(
      "step 1 of 10, epoch 1, loss 2.5000, rate 0.001, norm 0.25, 500 tokens/s, 0:09 left\n" +
        "step 3 of 10, epoch 1, loss 0.8333, rate 0.001, norm 0.25, 500 tokens/s, 0:07 left\n" +
        "step 4: loss 1.235, BLEU 30 (best)\n",
    );
  });

  test("on a terminal: a bar by steps, or by time when the number of steps is not known", () => {
    const { stream, text } = collect(true);
    const progress = terminalProgress({ stream, maxSteps: 10 });
    progress.step(event(5));
    progress.evaluation({ step: 5, epoch: 1, best: false, scores: { loss: 1 } });
    progress.stop();
    expect(text()).toContain("████████████░░░░░░░░░░░░ 50 %  step 5 of 10, epoch 1, loss 0.5000");
    expect(text()).toContain("step 5: loss 1\n");
    const other = collect(true);
    const byTime = terminalProgress({ stream: other.stream });
    byTime.step(event(3, { seconds: 1, eta: 3 }));
    byTime.stop();
    expect(other.text()).toContain(" 25 %  step 3, epoch 1");
  });

  test("hours, minutes and seconds", () => {
    expect([5, 65, 3725].map(formatSeconds)).toEqual(["0:05", "1:05", "1:02:05"]);
  });
});
