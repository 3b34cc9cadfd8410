/** Trains, measures, saves and reports. */
import { join } from "node:path";
import { SeqError } from "@seq/core";
import { kernelInfo, loadKernels } from "@seq/kernels";
import {
  evaluateTranslator,
  renderReport,
  type TranslatorMetrics,
  type TranslatorOptions,
  type TranslatorScores,
  type TranslatorTraining,
  trainTranslator,
} from "@seq/pipelines";
import { saveTranslator, writeFileWhole } from "@seq/pipelines/node";
import { Interrupted } from "../report-error.ts";
import { watchTraining } from "../terminal/watch-training.ts";
import { type DataOptions, loadStartData, type StartData } from "./data.ts";
import { describeResults, describeStart, percent } from "./describe.ts";
import { pickAttention } from "./pick-attention.ts";
import { openRun, optionsOfRun } from "./run-folder.ts";

export interface StartOptions extends DataOptions {
  readonly steps?: number;
  readonly minutes?: number;
  readonly threads?: number;
  readonly output: string;
  readonly resume?: boolean;
  readonly simd: "auto" | "exact";
}

/** The built-in job is small: pieces of about a morpheme, and a model of 0.4 M parameters. */
const numbersModel: TranslatorOptions = {
  sourceVocabSize: 100,
  targetVocabSize: 100,
  embeddingSize: 64,
  hiddenSize: 80,
  dropout: 0,
  labelSmoothing: 0,
  batchTokens: 2048,
  learningRate: 4e-3,
};

export async function runStart(given: StartOptions): Promise<void> {
  const options = await optionsOfRun(given);
  const data = await loadStartData(options);
  const storage = await openRun(options);
  await loadKernels({
    simd: options.simd,
    ...(options.threads !== undefined && { threads: options.threads }),
  });
  const settings = trainingOptions(data, options);
  const training = await watchTraining(settings.steps, async ({ line, ...watch }) => {
    line(describeStart(data));
    return await trainTranslator(data, settings, {
      ...watch,
      checkpoints: {
        storage,
        resume: options.resume ?? false,
        onResume: ({ step, damaged }) => {
          for (const name of damaged) line(`checkpoint ${name} is damaged and was passed over`);
          line(`going on after step ${step}`);
        },
      },
      onEvaluation: async ({ step, devLoss, translator }) => {
        const sample = data.dev.slice(0, 100);
        const { bleu, exactMatch } = await evaluateTranslator(translator, sample, { beamWidth: 1 });
        line(
          `step ${step}: dev loss ${devLoss.toFixed(4)}, dev BLEU ${bleu.toFixed(2)}, dev exact match ${percent(exactMatch)}`,
        );
      },
    });
  });
  const { translator } = training;
  await saveTranslator(translator, options.output);
  if (training.reason === "aborted") {
    throw new Interrupted(
      `interrupted after step ${training.steps}; model and checkpoint are in ${options.output}. Go on with: seq start --resume --output ${options.output}`,
    );
  }
  const scores = await evaluateTranslator(translator, data.test);
  const metrics = metricsOf(data, options, training, scores);
  await writeResults(data, options, training, scores, metrics);
  process.stdout.write(describeResults(data, metrics, scores, options.output));
  translator.dispose();
}

/** Enough steps on two cores in well under the minute that is allowed. */
const numbersLimits = { steps: 800, minutes: 1 };

function trainingOptions(data: StartData, options: StartOptions): TranslatorOptions {
  const { seed, steps, minutes } = options;
  const given = {
    ...(steps !== undefined && { steps }),
    ...(minutes !== undefined && { minutes }),
  };
  if (data.job !== "numbers") return { seed, ...given };
  const isLimited = steps !== undefined || minutes !== undefined;
  return { ...numbersModel, seed, ...(isLimited ? given : numbersLimits) };
}

function metricsOf(
  data: StartData,
  options: StartOptions,
  training: TranslatorTraining,
  scores: TranslatorScores,
): TranslatorMetrics {
  const { threads, path } = kernelInfo();
  return {
    job: data.job,
    seed: options.seed,
    steps: training.steps,
    trainSeconds: training.seconds,
    tokensPerSecond: training.tokensPerSecond,
    trainLoss: training.trainLoss,
    devLoss: training.devLoss,
    devSteps: training.devSteps,
    exactMatch: scores.exactMatch,
    bleu: scores.bleu,
    chrf: scores.chrf,
    perplexity: scores.perplexity,
    parameters: training.translator.model.parameterCount,
    workers: threads,
    kernelPath: path,
  };
}

async function writeResults(
  data: StartData,
  options: StartOptions,
  training: TranslatorTraining,
  scores: TranslatorScores,
  metrics: TranslatorMetrics,
): Promise<void> {
  const samples = data.test.slice(0, 10).map(({ source, target }, i) => ({
    source,
    reference: target,
    translation: scores.translations[i]?.text ?? "",
  }));
  const page = renderReport({
    title:
      data.job === "numbers" ? "Number names, English to German" : "A translator of your own text",
    summary: `An LSTM encoder-decoder with attention, trained on ${data.train.length.toLocaleString("en")} pairs and measured on ${data.test.length.toLocaleString("en")} others (${scores.bleuSignature}).`,
    metrics,
    samples,
    attention: pickAttention(data, training.translator, scores),
  });
  try {
    await writeFileWhole(join(options.output, "report.html"), page);
    await writeFileWhole(
      join(options.output, "metrics.json"),
      `${JSON.stringify(metrics, null, 2)}\n`,
    );
  } catch (cause) {
    throw new SeqError(`cannot write the results: ${(cause as Error).message}.`, {
      code: "OUTPUT_FOLDER",
      cause,
    });
  }
}
