/** `seq start`: the main job, from text to a measured translator and a report. */
import { type Command, Option } from "commander";
import { runStart, type StartOptions } from "../start/run.ts";
import { integer, positiveNumber } from "./arguments.ts";

export function registerStart(program: Command): void {
  program
    .command("start")
    .description(
      "Train a translator and measure it: English number names to German, or your own pairs of lines.",
    )
    .option("--pairs <file>", "source and target in one file, separated by a tab")
    .option("--source <file>", "source lines (with --target)")
    .option("--target <file>", "target lines (with --source)")
    .option("--dev-source <file>", "held-out source lines to watch while training")
    .option("--dev-target <file>", "held-out target lines")
    .option("--test-source <file>", "source lines to measure on at the end")
    .option("--test-target <file>", "target lines to measure on at the end")
    .option("--steps <n>", "training steps", integer(1))
    .option("--minutes <n>", "stop training after so many minutes", positiveNumber)
    .option("--seed <n>", "seed of everything random", integer(0), 1)
    .option("--threads <n>", "threads for the kernels (default: the cores)", integer(1))
    .option("--output <dir>", "where model, metrics.json and report.html go", "runs/start")
    .option("--resume", "go on with the interrupted training in --output")
    .addOption(
      new Option("--simd <mode>", "exact: the same bits on every machine")
        .choices(["auto", "exact"])
        .default("auto"),
    )
    .addHelpText(
      "after",
      `
Examples:
  seq start
  seq start --pairs phrases.tsv --minutes 5 --output runs/phrases
  seq start --source train.en --target train.de --dev-source val.en --dev-target val.de`,
    )
    .action((options: StartOptions) => runStart(options));
}
