/** `seq tag`: train, measure and use taggers (parts of speech, entities, slots). */
import { ShapeError } from "@seq/core";
import { spanF1 } from "@seq/eval";
import { loadKernels } from "@seq/kernels";
import { type SequenceTagger, type TaggedSentence, trainTagger } from "@seq/pipelines";
import { loadTagger, prepareFolder, saveTagger } from "@seq/pipelines/node";
import { readConllu, readIob2 } from "@seq/train/node";
import { type Command, Option } from "commander";
import { Interrupted } from "../report-error.ts";
import { mapInputLines } from "../terminal/input-lines.ts";
import { watchTraining } from "../terminal/watch-training.ts";
import { givenLimits, integer, type LimitFlags, withLimits } from "./arguments.ts";

interface FormatOptions {
  readonly format: "conllu" | "columns";
  readonly tokenColumn: number;
  readonly tagColumn: number;
}

interface TrainOptions extends FormatOptions, LimitFlags {
  readonly input: string;
  readonly valid?: string;
  readonly output: string;
  readonly crf?: boolean;
}

export function registerTag(program: Command): void {
  const tag = program.command("tag").description("Tag words: parts of speech, entities, slots.");
  withLimits(withFormat(tag.command("train")))
    .description("Train a tagger on sentences with one tag per token.")
    .requiredOption("--input <file>", "training sentences")
    .option("--valid <file>", "held-out sentences to watch while training")
    .requiredOption("--output <dir>", "where the tagger goes")
    .option("--crf", "choose the tags of a sentence together (good for entities)")
    .addHelpText(
      "after",
      "\nExample:\n  seq tag train --format conllu --input train.conllu --output runs/pos",
    )
    .action(train);
  withFormat(tag.command("eval"))
    .description("Compare a tagger with gold tags: accuracy, and span F1 for B-/I- tags.")
    .requiredOption("--model <dir>", "folder of a saved tagger")
    .requiredOption("--input <file>", "sentences with gold tags")
    .option("--json", "one JSON object")
    .action(evaluate);
  tag
    .command("predict")
    .description("Tag standard input: one sentence per line, tokens separated by spaces.")
    .requiredOption("--model <dir>", "folder of a saved tagger")
    .option("--json", "one JSON object per line, with probabilities")
    .action(predict);
}

function withFormat(command: Command): Command {
  return command
    .addOption(
      new Option("--format <name>", "conllu (UPOS), or columns (CoNLL, IOB2)")
        .choices(["conllu", "columns"])
        .default("columns"),
    )
    .option("--token-column <n>", "column of the token, from 0", integer(0), 0)
    .option("--tag-column <n>", "column of the tag, from 0", integer(0), 1);
}

async function readSentences(
  path: string,
  { format, tokenColumn, tagColumn }: FormatOptions,
): Promise<TaggedSentence[]> {
  if (format === "columns") return await readIob2(path, { tokenColumn, tagColumn, anyTags: true });
  return (await readConllu(path)).map(({ words }) => ({
    tokens: words.map(({ form }) => form),
    tags: words.map(({ upos }) => upos ?? "_"),
  }));
}

async function train(options: TrainOptions): Promise<void> {
  const sentences = await readSentences(options.input, options);
  const dev = options.valid === undefined ? [] : await readSentences(options.valid, options);
  await prepareFolder(options.output);
  await loadKernels();
  const { crf = false } = options;
  const result = await watchTraining(options.steps, ({ line, ...watch }) =>
    trainTagger(
      { train: sentences, dev },
      { crf, ...givenLimits(options) },
      {
        ...watch,
        onEvaluation: ({ step, devLoss, tagger }) => {
          const { accuracy } = score(tagger, dev);
          line(`step ${step}: dev loss ${devLoss.toFixed(4)}, dev accuracy ${accuracy.toFixed(4)}`);
        },
      },
    ),
  );
  await saveTagger(result.tagger, options.output);
  result.tagger.dispose();
  const where = `the tagger is saved in ${options.output}`;
  if (result.reason === "aborted") {
    throw new Interrupted(`interrupted at step ${result.steps}; ${where}.`);
  }
  process.stdout.write(`${result.steps} steps in ${result.seconds.toFixed(1)} s; ${where}\n`);
}

interface TagScores {
  readonly accuracy: number;
  readonly spans: {
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
  } | null;
  readonly tokens: number;
}

function score(tagger: SequenceTagger, sentences: readonly TaggedSentence[]): TagScores {
  const predicted = tagger.tag(sentences.map(({ tokens }) => tokens)).map(({ tags }) => tags);
  let right = 0;
  let tokens = 0;
  sentences.forEach(({ tags }, i) => {
    const own = predicted[i] as readonly string[];
    if (own.length !== tags.length) {
      throw new ShapeError(
        `sentence ${i + 1} has ${tags.length} tags, ${own.length} were predicted.`,
        {
          code: "LENGTH_MISMATCH",
        },
      );
    }
    tokens += tags.length;
    right += tags.filter((tag, t) => tag === own[t]).length;
  });
  const gold = sentences.map(({ tags }) => tags);
  const isSpans = gold.some((tags) => tags.some((tag) => /^[BI]-/.test(tag)));
  const f1 = isSpans ? spanF1(predicted, gold) : undefined;
  return {
    accuracy: right / tokens,
    spans: f1 ? { precision: f1.micro.precision, recall: f1.micro.recall, f1: f1.micro.f1 } : null,
    tokens,
  };
}

async function evaluate(
  options: FormatOptions & {
    readonly model: string;
    readonly input: string;
    readonly json?: boolean;
  },
): Promise<void> {
  const sentences = await readSentences(options.input, options);
  await loadKernels();
  const tagger = await loadTagger(options.model);
  const scores = score(tagger, sentences);
  tagger.dispose();
  if (options.json) {
    process.stdout.write(`${JSON.stringify(scores)}\n`);
    return;
  }
  const spans = scores.spans
    ? `  span precision ${scores.spans.precision.toFixed(4)}  recall ${scores.spans.recall.toFixed(4)}  F1 ${scores.spans.f1.toFixed(4)}`
    : "";
  process.stdout.write(
    `accuracy ${scores.accuracy.toFixed(4)} of ${scores.tokens} tokens${spans}\n`,
  );
}

async function predict(options: {
  readonly model: string;
  readonly json?: boolean;
}): Promise<void> {
  await loadKernels();
  const tagger = await loadTagger(options.model);
  await mapInputLines((lines) => {
    const sentences = lines.map((line) => line.split(/\s+/).filter((token) => token !== ""));
    return tagger
      .tag(sentences)
      .map(({ tags, probs }, i) =>
        options.json ? JSON.stringify({ tokens: sentences[i], tags, probs }) : tags.join(" "),
      );
  });
  tagger.dispose();
}
