import { loadKernels } from "@seq/kernels";
import { memory, mul, type Tensor, tensor } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  countingRows,
  TinyLanguageModel,
  type TinyOptions,
} from "../../test/tiny-language-model.ts";
import { sequenceBatches } from "../data/bucketed-batches.ts";
import { contiguousBatches } from "../data/contiguous-batches.ts";
import { Adam } from "../optimizers/adam.ts";
import { SGD } from "../optimizers/sgd.ts";
import { plateau } from "../schedules/plateau.ts";
import { computeGradients, tensorsIn } from "./compute-gradients.ts";
import { evaluateLoss } from "./evaluate-loss.ts";
import { fit } from "./fit.ts";
import type { FitOptions, StepEvent } from "./fit.types.ts";
import { trainableParameters } from "./training-step.ts";

beforeAll(() => loadKernels({ simd: "exact" }));

const size: TinyOptions = { vocabSize: 7, hiddenSize: 8 };
const rows = countingRows(64, 7, 1);

function values(tensors: Iterable<Tensor>): number[][] {
  return [...tensors].map((t) => [...t.dataSync()]);
}

/** The losses of a run from scratch. */
async function losses(options: Partial<FitOptions>, model = size): Promise<number[]> {
  const curve: number[] = [];
  const tiny = new TinyLanguageModel({ ...model, dropout: 0.2 });
  const data = sequenceBatches(rows, { batchSize: 8, seed: 3 });
  await fit(tiny, data, {
    ...{ maxSteps: 20, optimizer: new Adam({ learningRate: 0.02 }) },
    ...options,
    onProgress: ({ loss }) => curve.push(loss),
  });
  tiny.dispose();
  return curve;
}

describe("fit", () => {
  test("learns the counting language over several seeds", async () => {
    for (const seed of [1, 2, 3]) {
      const model = new TinyLanguageModel({ ...size, seed });
      const data = sequenceBatches(rows, { batchSize: 16, seed });
      const result = await fit(model, data, {
        ...{ maxEpochs: 40, seed, optimizer: new Adam({ learningRate: 0.03 }), clipNorm: 1 },
      });
      expect(result).toMatchObject({ reason: "maxEpochs", epochs: 40, steps: 160 });
      expect(result.loss).toBeLessThan(0.1); // chance is ln 7 = 1.95
      const { loss, perplexity } = await evaluateLoss(
        model,
        sequenceBatches(countingRows(20, 7, 9)),
      );
      expect(loss).toBeLessThan(0.1);
      expect(perplexity).toBeCloseTo(Math.exp(loss), 12);
      model.dispose();
    }
  });

  test("equal seeds give identical losses, another seed other ones", async () => {
    const first = await losses({ seed: 1 });
    expect(await losses({ seed: 1 })).toEqual(first);
    expect(await losses({ seed: 2 })).not.toEqual(first);
  });

  test("the number of tensors is the same after every one of many steps, with every option that makes tensors", async () => {
    const before = memory().numTensors;
    const model = new TinyLanguageModel({ ...size, dropout: 0.1 });
    const data = contiguousBatches(
      rows.flatMap((row) => [...row]),
      { batchSize: 4, chunkLength: 5 },
    );
    const counts = new Set<number>();
    const optimizer = new Adam({ amsgrad: true });
    await fit(model, data, {
      ...{ optimizer, maxSteps: 400, accumulate: 2, clipNorm: 0.5, clipValue: 0.1 },
      onProgress: ({ step }) => {
        if (step > 1) counts.add(memory().numTensors);
      },
      evaluation: { every: 100, run: () => evaluateLoss(model, data) as never },
    });
    expect(counts.size).toBe(1);
    optimizer.dispose();
    model.dispose();
    expect(memory().numTensors).toBe(before);
  });

  test("gradients of two half batches make the step of the whole batch", async () => {
    const run = async (batchSize: number, accumulate: number): Promise<number[][]> => {
      const model = new TinyLanguageModel(size);
      const data = sequenceBatches(rows.slice(0, 16), {
        batchSize,
        shuffle: false,
        poolBatches: 1,
      });
      await fit(model, data, {
        optimizer: new SGD({ learningRate: 0.5 }),
        maxSteps: 1,
        accumulate,
      });
      return values(model.parameters.values());
    };
    const [whole, halves] = [await run(16, 1), await run(8, 2)];
    whole.forEach((array, i) => {
      array.forEach((value, k) => {
        expect(halves[i]![k]).toBeCloseTo(value, 5);
      });
    });
  });

  test("one SGD step is exactly the parameters minus the rate times the gradients", async () => {
    const model = new TinyLanguageModel(size);
    const data = sequenceBatches(rows, { batchSize: 8 });
    const twin = sequenceBatches(rows, { batchSize: 8 });
    const before = values(model.parameters.values());
    const { gradients } = computeGradients(model, model.parameters, twin.next().batch, {
      training: false,
    });
    const slopes = values(gradients.values());
    await fit(model, data, { optimizer: new SGD({ learningRate: 0.5 }), maxSteps: 1 });
    values(model.parameters.values()).forEach((array, i) => {
      array.forEach((value, k) => {
        expect(value).toBe(Math.fround(before[i]![k]! - Math.fround(0.5 * slopes[i]![k]!)));
      });
    });
  });

  test("an epoch that ends within the batches of one step is not missed", async () => {
    const evaluated: number[] = [];
    const model = new TinyLanguageModel(size);
    const data = sequenceBatches(rows.slice(0, 24), { batchSize: 8 }); // three batches an epoch, two a step
    await fit(model, data, {
      ...{ accumulate: 2, maxEpochs: 4 },
      evaluation: {
        every: "epoch",
        run: ({ step }) => {
          evaluated.push(step);
          return { loss: 0 };
        },
      },
    });
    expect(evaluated).toEqual([2, 3, 5, 6]);
  });

  test("the gradient can be that of the mean over tokens, over sentences, or of the sum", async () => {
    const run = async (
      normalisation: "token" | "sentence" | "sum",
      more: Partial<FitOptions> = {},
    ): Promise<{ event: StepEvent; moved: number[] }> => {
      const model = new TinyLanguageModel(size);
      const before = values(model.parameters.values()).flat();
      const events: StepEvent[] = [];
      await fit(model, sequenceBatches(rows, { batchSize: 8 }), {
        ...{ optimizer: new SGD({ learningRate: 0.001 }), maxSteps: 1, normalisation },
        ...more,
        onProgress: (event) => events.push(event),
      });
      const after = values(model.parameters.values()).flat();
      return { event: events[0]!, moved: after.map((value, i) => value - before[i]!) };
    };
    const [token, sentence, sum] = [await run("token"), await run("sentence"), await run("sum")];
    const { tokens, loss, gradientNorm } = token.event;
    expect([sentence.event.loss, sum.event.loss]).toEqual([loss, loss]);
    expect(sum.event.gradientNorm).toBeCloseTo(gradientNorm * tokens, 4);
    expect(sentence.event.gradientNorm).toBeCloseTo((gradientNorm * tokens) / 8, 5);
    const length = (moved: readonly number[]) => Math.hypot(...moved);
    expect(length(sum.moved) / length(token.moved)).toBeCloseTo(tokens, 0);
    expect(length(sentence.moved) / length(token.moved)).toBeCloseTo(tokens / 8, 1);
    // Values are cut after the factor: no parameter moves by more than rate times limit.
    const cut = await run("sum", { clipValue: 0.1 });
    expect(Math.max(...cut.moved.map(Math.abs))).toBeCloseTo(0.001 * 0.1, 7);
  });

  test("padding counts nowhere: the loss of padded rows is the mean of the rows by their targets", async () => {
    const model = new TinyLanguageModel(size);
    const loss = async (some: readonly Int32Array[]) =>
      evaluateLoss(model, sequenceBatches(some, { shuffle: false }));
    const [short, long] = [rows.find((r) => r.length === 3)!, rows.find((r) => r.length > 8)!];
    const [a, b, both] = [await loss([short]), await loss([long]), await loss([short, long])];
    expect(both.targets).toBe(a.targets + b.targets);
    expect(both.loss).toBeCloseTo((a.loss * a.targets + b.loss * b.targets) / both.targets, 6);
  });

  test("reports the norm before clipping and moves by the clipped gradient", async () => {
    const run = async (clipNorm?: number): Promise<{ event: StepEvent; moved: number }> => {
      const model = new TinyLanguageModel(size);
      const before = values(model.parameters.values()).flat();
      let event: StepEvent | undefined;
      await fit(model, sequenceBatches(rows, { batchSize: 8 }), {
        ...{ optimizer: new SGD({ learningRate: 1 }), maxSteps: 1 },
        ...(clipNorm === undefined ? {} : { clipNorm }),
        onProgress: (e) => {
          event = e;
        },
      });
      const after = values(model.parameters.values()).flat();
      return { event: event!, moved: Math.hypot(...after.map((v, i) => v - before[i]!)) };
    };
    const free = await run();
    const clipped = await run(0.01);
    expect(free.moved).toBeCloseTo(free.event.gradientNorm, 4);
    expect(clipped.event.gradientNorm).toBe(free.event.gradientNorm);
    expect(clipped.moved).toBeCloseTo(0.01, 5);
  });

  test("progress tells step, epoch, rate, speed and time left by the given clock", async () => {
    let now = 0;
    const events: StepEvent[] = [];
    await fit(new TinyLanguageModel(size), sequenceBatches(rows, { batchSize: 16 }), {
      ...{ maxSteps: 6, optimizer: new SGD({ learningRate: 0.1 }) },
      clock: () => now,
      onGradients: () => {
        now += 500; // each step takes half a second
      },
      onProgress: (event) => events.push(event),
    });
    expect(events.map(({ step, epoch }) => [step, epoch])).toEqual([
      ...[
        [1, 1],
        [2, 1],
        [3, 1],
        [4, 1],
      ],
      ...[
        [5, 2],
        [6, 2],
      ],
    ]);
    expect(events.map(({ eta }) => eta)).toEqual([2.5, 2, 1.5, 1, 0.5, 0]);
    expect(events[5]?.seconds).toBe(3);
    const tokens = events.reduce((sum, event) => sum + event.tokens, 0);
    expect(events[5]?.tokensPerSecond).toBeCloseTo(tokens / 3, 9);
    expect(events[0]?.learningRate).toBe(0.1);
  });

  test("jumps of the system's clock change nothing", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
    try {
      const events: StepEvent[] = [];
      const result = await fit(new TinyLanguageModel(size), sequenceBatches(rows), {
        ...{ maxSteps: 6, maxMinutes: 10 },
        onProgress: (event) => {
          events.push(event);
          // A day forward, then two back.
          vi.setSystemTime(Date.now() + (event.step % 2 === 0 ? -2 : 1) * 86_400_000);
        },
      });
      expect(result.reason).toBe("maxSteps");
      for (const { seconds, eta, tokensPerSecond } of events) {
        expect(seconds).toBeGreaterThan(0);
        expect(seconds).toBeLessThan(600);
        expect(eta).toBeLessThan(600);
        expect(tokensPerSecond).toBeGreaterThan(0);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  test("ends after maxMinutes, at an abort, or at once when already aborted", async () => {
    const data = sequenceBatches(rows, { batchSize: 16 });
    let now = 0;
    const model = new TinyLanguageModel(size);
    const byTime = await fit(model, data, { maxMinutes: 0.1, clock: () => (now += 100) });
    expect(byTime.reason).toBe("maxMinutes");
    const controller = new AbortController();
    const aborted = await fit(model, data, {
      signal: controller.signal,
      onProgress: ({ step }) => {
        if (step === 3) controller.abort();
      },
    });
    expect(aborted).toMatchObject({ reason: "aborted", steps: 3 });
    expect(await fit(model, data, { signal: controller.signal })).toMatchObject({ steps: 0 });
    // An abort that comes from outside, while the loop runs.
    const later = new AbortController();
    setTimeout(() => later.abort(), 30);
    expect((await fit(model, data, { signal: later.signal })).reason).toBe("aborted");
  });

  test("stops at a loss that is no number, names step, rate and norm, and leaves the parameters alone", async () => {
    const model = new TinyLanguageModel({ ...size, activation: "identity" });
    const before = values(model.parameters.values());
    const poisoned = {
      ...model,
      parameters: model.parameters,
      loss: (...args: Parameters<TinyLanguageModel["loss"]>) => {
        const loss = model.loss(...args);
        return { ...loss, mean: mul(loss.mean, tensor(Number.NaN)) };
      },
      dispose: () => {},
    };
    const tensors = memory().numTensors;
    await expect(
      fit(poisoned, sequenceBatches(rows), {
        maxSteps: 5,
        optimizer: new SGD({ learningRate: 3 }),
      }),
    ).rejects.toMatchObject({
      code: "NON_FINITE_LOSS",
      message:
        "fit: at step 1 the loss is NaN and the gradient norm NaN (learning rate 3); nothing was changed in this step. Lower the learning rate, or set clipNorm.",
    });
    expect(values(model.parameters.values())).toEqual(before);
    expect(memory().numTensors).toBe(tensors);
  });

  test("a batch without a single target is named", async () => {
    const model = new TinyLanguageModel(size);
    const context = { ...model, parameters: model.parameters, dispose: () => {} };
    const empty = {
      ...context,
      loss: (...args: Parameters<TinyLanguageModel["loss"]>) => ({
        ...model.loss(...args),
        targets: 0,
      }),
    };
    await expect(fit(empty, sequenceBatches(rows), { maxSteps: 1 })).rejects.toMatchObject({
      code: "NO_TARGETS",
      message:
        "fit: the data of step 1 has no targets: rows too short to predict anything; leave them out.",
    });
  });

  test("frozen parameters stay as they are", async () => {
    const model = new TinyLanguageModel(size);
    const [embedding, weight] = [
      [...model.get("embedding").dataSync()],
      [...model.get("weightHh").dataSync()],
    ];
    const data = sequenceBatches(rows);
    await fit(model, data, { maxSteps: 3, frozen: (name) => name === "embedding" });
    expect([...model.get("embedding").dataSync()]).toEqual(embedding);
    expect([...model.get("weightHh").dataSync()]).not.toEqual(weight);
    await expect(fit(model, data, { maxSteps: 1, frozen: () => true })).rejects.toMatchObject({
      code: "NOTHING_TO_TRAIN",
    });
  });

  test("stops early when the watched score no longer gets better, and tells the schedule", async () => {
    const model = new TinyLanguageModel(size);
    const scores = [5, 4, 4.5, 4.2, 4.1, 3];
    const rates: number[] = [];
    const bests: boolean[] = [];
    const result = await fit(model, sequenceBatches(rows), {
      optimizer: new SGD({ learningRate: 1 }),
      schedule: plateau({ factor: 0.5, patience: 0 }),
      maxSteps: 100,
      evaluation: {
        every: 2,
        patience: 2,
        watch: "score",
        run: () => ({ score: scores.shift()! }),
      },
      onProgress: ({ learningRate }) => rates.push(learningRate),
      onEvaluation: ({ best }) => {
        bests.push(best);
      },
    });
    expect(result).toMatchObject({ reason: "early-stopping", steps: 10 });
    expect(bests).toEqual([true, true, false, false, false]);
    expect(rates).toEqual([1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]);
  });

  test("names what is wrong with its options", async () => {
    const model = new TinyLanguageModel(size);
    const data = sequenceBatches(rows);
    await expect(fit(model, data, {})).rejects.toThrow(
      "fit: no limit; give maxSteps, maxEpochs, maxMinutes or a signal that ends it.",
    );
    await expect(fit(model, data, { steps: 3 } as never)).rejects.toThrow(
      /^fit: unknown option "steps"; expected one of optimizer, schedule, maxSteps/,
    );
    await expect(
      fit(model, data, { maxSteps: 1, evaluation: { every: 1, run: () => ({ bleu: 3 }) } }),
    ).rejects.toThrow(
      'fit: the evaluation returned bleu, expected the watched score "loss"; return it or set evaluation.watch.',
    );
  });
});

describe("truncated back-propagation through time", () => {
  const ids = countingRows(80, 7, 4).flatMap((row) => [...row]);

  test("the loss of chunks with carried state is the loss of the whole text", async () => {
    const model = new TinyLanguageModel(size);
    const whole = await evaluateLoss(
      model,
      contiguousBatches(ids, { batchSize: 2, chunkLength: 10_000 }),
    );
    const chunked = await evaluateLoss(
      model,
      contiguousBatches(ids, { batchSize: 2, chunkLength: 7 }),
    );
    expect(chunked.targets).toBe(whole.targets);
    expect(chunked.loss).toBeCloseTo(whole.loss, 5);
  });

  test("no gradient crosses the edge of a chunk", async () => {
    const model = new TinyLanguageModel(size);
    const data = contiguousBatches(ids, { batchSize: 2, chunkLength: 5 });
    const trainable = trainableParameters(model.parameters);
    const first = computeGradients(model, trainable, (await data.next()).batch, {
      training: false,
    });
    const { batch } = await data.next();
    const state = first.state as { h: Tensor };
    const carried = computeGradients(model, trainable, batch, { training: false, state });
    // The same chunk from a state that is a mere constant.
    const constantState = { h: tensor(state.h.dataSync(), state.h.shape) };
    const alone = computeGradients(model, trainable, batch, {
      training: false,
      state: constantState,
    });
    expect(values(carried.gradients.values())).toEqual(values(alone.gradients.values()));
    // It is not the gradient without a state, so the state did count.
    const fresh = computeGradients(model, trainable, batch, { training: false });
    expect(values(fresh.gradients.values())).not.toEqual(values(alone.gradients.values()));
  });

  test("memory is constant over 1,000 chunks", async () => {
    const model = new TinyLanguageModel(size);
    const counts = new Set<number>();
    const bytes = new Set<number>();
    const text = Array.from({ length: 5000 }, (_, i) => ids[i % ids.length]!);
    await fit(model, contiguousBatches(text, { batchSize: 1, chunkLength: 4 }), {
      ...{ optimizer: new SGD({ learningRate: 0.01 }), maxSteps: 1000, clipNorm: 1 },
      onProgress: () => {
        counts.add(memory().numTensors);
        bytes.add(memory().numBytes);
      },
    });
    expect([counts.size, bytes.size]).toEqual([1, 1]);
  });
});

describe("tensorsIn", () => {
  test("finds tensors in nested lists and records", () => {
    const [a, b] = [tensor([1]), tensor([2])];
    expect(tensorsIn({ layers: [{ h: a }, { h: b, steps: 3 }], none: undefined })).toEqual([a, b]);
    expect(tensorsIn(undefined)).toEqual([]);
  });
});
