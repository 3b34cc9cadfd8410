/** `seq classify`: train, measure and use text classifiers. */
import { FormatError } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import type { PoolingName } from "@seq/models";
import { type LabelledText, type TextClassifier, trainClassifier } from "@seq/pipelines";
import { loadClassifier, prepareFolder, saveClassifier } from "@seq/pipelines/node";
import { readLines } from "@seq/train/node";
import { type Command, Option } from "commander";
import { Interrupted } from "../report-error.ts";
import { mapInputLines } from "../terminal/input-lines.ts";
import { watchTraining } from "../terminal/watch-training.ts";
import { givenLimits, integer, type LimitFlags, withLimits } from "./arguments.ts";

interface ColumnOptions {
  readonly textColumn: number;
  readonly labelColumn: number;
  readonly multiLabel?: boolean;
}

interface TrainOptions extends ColumnOptions, LimitFlags {
  readonly input: string;
  readonly valid?: string;
  readonly output: string;
  readonly pooling: PoolingName;
  readonly balance?: boolean;
}

export function registerClassify(program: Command): void {
  const classify = program
    .command("classify")
    .description("Label texts: topics, sentiment, intents.");
  withLimits(withColumns(classify.command("train")))
    .description("Train a classifier on tab-separated lines of text and label.")
    .requiredOption("--input <file>", "training lines")
    .option("--valid <file>", "held-out lines to watch while training")
    .requiredOption("--output <dir>", "where the classifier goes")
    .option("--balance", "let rare labels count as much as frequent ones")
    .addOption(
      new Option("--pooling <name>", "how the words' states become one")
        .choices(["last", "mean", "max", "attention"])
        .default("max"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  seq classify train --input train.tsv --valid dev.tsv --output runs/sst",
    )
    .action(train);
  withColumns(classify.command("eval"))
    .description("Compare a classifier with gold labels.")
    .requiredOption("--model <dir>", "folder of a saved classifier")
    .requiredOption("--input <file>", "lines with gold labels")
    .option("--json", "one JSON object")
    .action(evaluate);
  classify
    .command("predict")
    .description("Label standard input, line by line.")
    .requiredOption("--model <dir>", "folder of a saved classifier")
    .option("--top <n>", "labels per line, with --json", integer(1), 5)
    .option("--json", "one JSON object per line, with probabilities")
    .action(predict);
}

function withColumns(command: Command): Command {
  return command
    .option("--text-column <n>", "column of the text, from 0", integer(0), 0)
    .option("--label-column <n>", "column of the label, from 0", integer(0), 1)
    .option("--multi-label", "several labels per line, separated by commas");
}

/** @throws {FormatError} `LINE_FORMAT`, naming file and line. */
async function readTexts(path: string, options: ColumnOptions): Promise<LabelledText[]> {
  const { textColumn, labelColumn, multiLabel } = options;
  const lines = await readLines(path);
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    const cells = line.split("\t");
    const text = cells[textColumn];
    const label = cells[labelColumn]?.trim();
    if (text === undefined || label === undefined || (label === "" && !multiLabel)) {
      throw new FormatError(
        `${path}: line ${i + 1} has ${cells.length} tab-separated columns, expected a text in column ${textColumn} and a label in column ${labelColumn}.`,
        { code: "LINE_FORMAT", details: { line: i + 1 } },
      );
    }
    const labels = multiLabel ? label.split(",").filter((one) => one !== "") : [label];
    return [{ text, labels }];
  });
}

async function train(options: TrainOptions): Promise<void> {
  const texts = await readTexts(options.input, options);
  const dev = options.valid === undefined ? [] : await readTexts(options.valid, options);
  await prepareFolder(options.output);
  await loadKernels();
  const { pooling, balance = false, multiLabel = false } = options;
  const settings = { pooling, balance, multiLabel, ...givenLimits(options) };
  const result = await watchTraining(options.steps, ({ line, ...watch }) =>
    trainClassifier({ train: texts, dev }, settings, {
      ...watch,
      onEvaluation: ({ step, devLoss, classifier }) => {
        line(
          `step ${step}: dev loss ${devLoss.toFixed(4)}, dev accuracy ${accuracy(classifier, dev).toFixed(4)}`,
        );
      },
    }),
  );
  await saveClassifier(result.classifier, options.output);
  result.classifier.dispose();
  const where = `the classifier is saved in ${options.output}`;
  if (result.reason === "aborted") {
    throw new Interrupted(`interrupted at step ${result.steps}; ${where}.`);
  }
  process.stdout.write(`${result.steps} steps in ${result.seconds.toFixed(1)} s; ${where}\n`);
}

/** The share of texts whose labels are exactly the gold ones. */
function accuracy(classifier: TextClassifier, texts: readonly LabelledText[]): number {
  const predicted = classifier.classify(texts.map(({ text }) => text));
  const right = texts.filter(({ labels }, i) => {
    const own = new Set(predicted[i]?.labels);
    return own.size === labels.length && labels.every((label) => own.has(label));
  });
  return right.length / texts.length;
}

async function evaluate(
  options: ColumnOptions & {
    readonly model: string;
    readonly input: string;
    readonly json?: boolean;
  },
): Promise<void> {
  const texts = await readTexts(options.input, options);
  await loadKernels();
  const classifier = await loadClassifier(options.model);
  const value = accuracy(classifier, texts);
  classifier.dispose();
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ accuracy: value, texts: texts.length })}\n`
      : `accuracy ${value.toFixed(4)} of ${texts.length} texts\n`,
  );
}

async function predict(options: {
  readonly model: string;
  readonly top: number;
  readonly json?: boolean;
}): Promise<void> {
  await loadKernels();
  const classifier = await loadClassifier(options.model);
  await mapInputLines((lines) =>
    classifier
      .classify(lines)
      .map(({ labels, ranking }) =>
        options.json
          ? JSON.stringify({ labels, ranking: ranking.slice(0, options.top) })
          : labels.join(","),
      ),
  );
  classifier.dispose();
}
