/** `seq lm`: train, measure and use language models. */
import { readFile } from "node:fs/promises";
import { FormatError, OptionError, Rng } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import {
  type LanguageModelTraining,
  type TextLanguageModel,
  trainLanguageModel,
} from "@seq/pipelines";
import { loadLanguageModel, prepareFolder, saveLanguageModel } from "@seq/pipelines/node";
import { readTokenizerJson } from "@seq/tokenizers";
import { type Command, InvalidArgumentError, Option } from "commander";
import { Interrupted } from "../report-error.ts";
import { mapInputLines } from "../terminal/input-lines.ts";
import { watchTraining } from "../terminal/watch-training.ts";
import { integer, positiveNumber } from "./arguments.ts";

interface TrainOptions {
  readonly arch: "lstm" | "gru" | "rnn" | "window" | "kn";
  readonly input: string;
  readonly valid?: string;
  readonly tokenizer?: string;
  readonly unit?: "char" | "word" | "bpe";
  readonly vocabSize?: number;
  readonly output: string;
  readonly embedding?: number;
  readonly hidden?: number;
  readonly layers?: number;
  readonly dropout?: number;
  readonly tied?: boolean;
  readonly window?: number;
  readonly order?: number;
  readonly batch?: number;
  readonly chunk?: number;
  readonly steps?: number;
  readonly minutes?: number;
  readonly learningRate?: number;
  readonly seed: number;
  readonly precision: "float32" | "float16" | "int8";
}

export function registerLm(program: Command): void {
  const lm = program
    .command("lm")
    .description("Language models: n-grams, windows, recurrent networks.");
  addTrain(lm.command("train"));
  lm.command("eval")
    .description(
      "Measure a model on a text: cross-entropy, perplexity, bits per character and byte.",
    )
    .requiredOption("--model <dir>", "folder of a saved model")
    .requiredOption("--input <file>", "text to predict")
    .option("--json", "one JSON object")
    .action(evaluate);
  addGenerate(lm.command("generate"));
  lm.command("score")
    .description(
      "Read lines from standard input, write the log-probability of each (nats, with its end).",
    )
    .requiredOption("--model <dir>", "folder of a saved model")
    .action(score);
  lm.command("topk")
    .description("List the most probable next tokens after a prefix.")
    .requiredOption("--model <dir>", "folder of a saved model")
    .requiredOption("--prefix <text>", "what stands before")
    .option("--k <n>", "how many", integer(1), 10)
    .option("--json", "one JSON array")
    .action(topk);
}

function addTrain(command: Command): void {
  command
    .description("Train a language model on a text; lines end with an end token.")
    .addOption(
      new Option("--arch <name>", "lstm, gru, rnn, window, or kn (Kneser-Ney n-grams)")
        .choices(["lstm", "gru", "rnn", "window", "kn"])
        .default("lstm"),
    )
    .requiredOption("--input <file>", "training text")
    .option("--valid <file>", "held-out text to watch while training")
    .option("--tokenizer <file>", "tokenizer.json to use")
    .addOption(
      new Option("--unit <name>", "learn a tokenizer of this unit")
        .choices(["char", "word", "bpe"])
        .conflicts("tokenizer"),
    )
    .addOption(
      new Option("--vocab-size <n>", "of the learned tokenizer")
        .argParser(integer(3))
        .conflicts("tokenizer"),
    )
    .requiredOption("--output <dir>", "where the model goes")
    .option("--embedding <n>", "embedding size", integer(1))
    .option("--hidden <n>", "hidden size", integer(1))
    .option("--layers <n>", "recurrent layers", integer(1))
    .option("--dropout <rate>", "on inputs, between layers, on outputs", rate)
    .option("--tied", "one matrix for input and output embeddings")
    .option("--window <n>", "window: ids it looks at", integer(1))
    .option("--order <n>", "kn: n", integer(1))
    .option("--batch <n>", "rows of text side by side", integer(1))
    .option("--chunk <n>", "steps that gradients go back", integer(1))
    .option("--steps <n>", "training steps", integer(1))
    .option("--minutes <n>", "stop training after so many minutes", positiveNumber)
    .option("--learning-rate <x>", "the highest of the schedule", positiveNumber)
    .option("--seed <n>", "seed of everything random", integer(0), 1)
    .addOption(
      new Option("--precision <name>", "of the saved weights")
        .choices(["float32", "float16", "int8"])
        .default("float32"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  seq lm train --arch lstm --unit char --input shakespeare.txt --output runs/shakespeare --minutes 10",
    )
    .action(train);
}

function addGenerate(command: Command): void {
  command
    .description("Continue a prompt, written as it is made.")
    .requiredOption("--model <dir>", "folder of a saved model")
    .option("--prompt <text>", "what to continue", "")
    .option("--max-tokens <n>", "most tokens to make", integer(1), 200)
    .option("--one-line", "stop at the end of the line")
    .option("--temperature <x>", "0 takes the most probable token", nonNegative, 1)
    .option("--top-k <n>", "choose among the n most probable", integer(1))
    .option("--top-p <p>", "choose among those that together reach p", rate)
    .option("--repetition-penalty <x>", "weaken tokens that stood before", positiveNumber)
    .option("--seed <n>", "seed of the sampling", integer(0), 1)
    .action(generate);
}

async function train(options: TrainOptions): Promise<void> {
  const { arch, seed, output, precision } = options;
  const data = {
    text: await readText(options.input),
    ...(options.valid !== undefined && { valid: await readText(options.valid) }),
  };
  const settings = {
    arch,
    seed,
    ...(options.tokenizer !== undefined && {
      tokenizer: readTokenizerJson(await readText(options.tokenizer)),
    }),
    ...given({
      unit: options.unit,
      vocabSize: options.vocabSize,
      embeddingSize: options.embedding,
      hiddenSize: options.hidden,
      layers: options.layers,
      dropout: options.dropout,
      tied: options.tied,
      window: options.window,
      order: options.order,
      batchSize: options.batch,
      chunkLength: options.chunk,
      steps: options.steps,
      minutes: options.minutes,
      learningRate: options.learningRate,
    }),
  };
  await prepareFolder(output);
  if (arch !== "kn") await loadKernels();
  const result = await watchTraining(options.steps, ({ line, ...watch }) =>
    trainLanguageModel(data, settings, {
      ...watch,
      onEvaluation: ({ step, loss }) =>
        line(
          `step ${step}: validation ${loss.toFixed(4)} nats, perplexity ${Math.exp(loss).toFixed(2)}`,
        ),
    }),
  );
  await saveLanguageModel(result.model, output, arch === "kn" ? {} : { precision });
  result.model.dispose();
  report(result, output);
}

function report({ history }: LanguageModelTraining, output: string): void {
  const where = `the model is saved in ${output}`;
  if (history?.reason === "aborted") {
    throw new Interrupted(`interrupted at step ${history.steps}; ${where}.`);
  }
  const how =
    history === undefined ? "counted" : `${history.steps} steps in ${history.seconds.toFixed(1)} s`;
  process.stdout.write(`${how}; ${where}\n`);
}

async function withModel<T>(
  folder: string,
  use: (model: TextLanguageModel) => T | Promise<T>,
): Promise<T> {
  await loadKernels();
  const model = await loadLanguageModel(folder);
  try {
    return await use(model);
  } finally {
    model.dispose();
  }
}

async function evaluate(options: {
  readonly model: string;
  readonly input: string;
  readonly json?: boolean;
}): Promise<void> {
  const text = await readText(options.input);
  const scores = await withModel(options.model, (model) => model.evaluate(text));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(scores)}\n`);
    return;
  }
  const { nats, perplexity, wordPerplexity, bitsPerCharacter, bitsPerByte, tokens, unknown } =
    scores;
  process.stdout.write(
    `${nats.toFixed(4)} nats per token, perplexity ${perplexity.toFixed(2)} per token and ${wordPerplexity.toFixed(2)} per word, ` +
      `${bitsPerCharacter.toFixed(4)} bits per character, ${bitsPerByte.toFixed(4)} per byte; ${tokens} tokens, ${unknown} unknown\n`,
  );
}

async function generate(options: {
  readonly model: string;
  readonly prompt: string;
  readonly maxTokens: number;
  readonly oneLine?: boolean;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly repetitionPenalty?: number;
  readonly seed: number;
}): Promise<void> {
  const { prompt, maxTokens, oneLine, temperature, topK, topP, repetitionPenalty, seed } = options;
  await withModel(options.model, (model) => {
    process.stdout.write(prompt);
    const parts = model.stream({
      ...{ prompt, maxTokens, temperature, rng: new Rng(seed) },
      ...given({ oneLine, topK, topP, repetitionPenalty }),
    });
    for (const part of parts) process.stdout.write(part);
    process.stdout.write("\n");
  });
}

async function score(options: { readonly model: string }): Promise<void> {
  await withModel(options.model, (model) =>
    mapInputLines((lines) => model.score(lines).map((logProb) => String(logProb))),
  );
}

async function topk(options: {
  readonly model: string;
  readonly prefix: string;
  readonly k: number;
  readonly json?: boolean;
}): Promise<void> {
  const rows = await withModel(options.model, (model) => model.topK(options.prefix, options.k));
  if (options.json) {
    process.stdout.write(`${JSON.stringify(rows)}\n`);
    return;
  }
  for (const { text, logProb } of rows) {
    process.stdout.write(
      `${(100 * Math.exp(logProb)).toFixed(2).padStart(6)} %  ${JSON.stringify(text)}\n`,
    );
  }
}

/** @throws {FormatError} `NOT_UTF8`; @throws {OptionError} `FILE_MISSING` */
async function readText(path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new OptionError(`cannot read ${path}: ${(cause as Error).message}.`, {
      code: "FILE_MISSING",
      cause,
      details: { path },
    });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(`${path}: not valid UTF-8; convert it first.`, {
      code: "NOT_UTF8",
      cause,
    });
  }
}

/** A record without the fields that are undefined. */
function given<T extends object>(record: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== undefined),
  ) as never;
}

function rate(text: string): number {
  const value = nonNegative(text);
  if (value > 1) throw new InvalidArgumentError("Expected a number from 0 to 1.");
  return value;
}

function nonNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError("Expected a number of at least 0.");
  }
  return value;
}
