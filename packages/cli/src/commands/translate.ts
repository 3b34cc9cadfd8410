/** `seq translate`: use and measure a saved translator. */
import { loadKernels } from "@seq/kernels";
import { evaluateTranslator, type Translation, type Translator } from "@seq/pipelines";
import { loadTranslator } from "@seq/pipelines/node";
import { readParallel } from "@seq/train/node";
import type { Command } from "commander";
import { mapInputLines } from "../terminal/input-lines.ts";
import { integer, positiveNumber } from "./arguments.ts";

interface PredictOptions {
  readonly model: string;
  readonly beam: number;
  readonly lengthPenalty: number;
  readonly threads?: number;
  readonly nBest: number;
  readonly json?: boolean;
}

interface EvalOptions extends Omit<PredictOptions, "nBest"> {
  readonly source: string;
  readonly target: string;
}

export function registerTranslate(program: Command): void {
  const translate = program.command("translate").description("Use and measure a saved translator.");
  shared(translate.command("predict"))
    .description("Translate standard input, line by line, to standard output.")
    .option("--n-best <n>", "translations per line (at most the beam width)", integer(1), 1)
    .addHelpText(
      "after",
      "\nExample:\n  echo twenty-one | seq translate predict --model runs/start",
    )
    .action(predict);
  shared(translate.command("eval"))
    .description("Translate a file and compare with references.")
    .requiredOption("--source <file>", "source lines")
    .requiredOption("--target <file>", "reference lines")
    .action(evaluate);
}

function shared(command: Command): Command {
  return command
    .requiredOption("--model <dir>", "folder of a saved translator")
    .option("--beam <n>", "beam width; 1 is greedy", integer(1), 5)
    .option("--length-penalty <α>", "of Wu et al. 2016", positiveNumber, 0.6)
    .option("--threads <n>", "threads for the kernels (default: the cores)", integer(1))
    .option("--json", "one JSON value per line");
}

async function load(options: Pick<PredictOptions, "model" | "threads">): Promise<Translator> {
  await loadKernels(options.threads === undefined ? {} : { threads: options.threads });
  return await loadTranslator(options.model);
}

async function predict(options: PredictOptions): Promise<void> {
  const translator = await load(options);
  const { nBest, lengthPenalty } = options;
  const settings = { beamWidth: options.beam, nBest, lengthPenalty };
  await mapInputLines((lines) =>
    translator.translate(lines, settings).map((best) => format(best, options)),
  );
  translator.dispose();
}

function format(best: readonly Translation[], { json, nBest }: PredictOptions): string {
  if (!json) return best.map(({ text }) => text.replaceAll("\n", " ")).join("\t");
  const items = best.map(({ text, logProb, score }) => ({ text, logProb, score }));
  return JSON.stringify(nBest === 1 ? items[0] : items);
}

async function evaluate(options: EvalOptions): Promise<void> {
  const pairs = await readParallel(options.source, options.target);
  const translator = await load(options);
  const scores = await evaluateTranslator(translator, pairs, {
    beamWidth: options.beam,
    lengthPenalty: options.lengthPenalty,
  });
  const { exactMatch, bleu, chrf, perplexity, bleuSignature } = scores;
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ exactMatch, bleu, chrf, perplexity, bleuSignature })}\n`
      : `exact match ${(100 * exactMatch).toFixed(2)} %  BLEU ${bleu.toFixed(2)}  chrF ${chrf.toFixed(2)}  perplexity ${perplexity.toFixed(3)}\n`,
  );
  translator.dispose();
}
