/**
 * Metrics to files while training: JSON Lines, CSV, TensorBoard. Each line is written at once, so that a killed run loses
 * none; a resumed run goes on in the same place, without the steps that are done again.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { evaluationToJson, stepColumns, stepToCsv, stepToJson } from "../logs/metric-lines.ts";
import { restartRecord, scalarRecord, versionRecord } from "../logs/tensorboard.ts";
import type { EvaluationEvent, StepEvent } from "../loop/fit.types.ts";

/** Give its methods to `fit`: `onProgress: log.step, onEvaluation: log.evaluation`. */
export interface MetricLog {
  readonly step: (event: StepEvent) => void;
  readonly evaluation: (event: EvaluationEvent) => void;
}

export interface MetricLogOptions {
  /** Step of the checkpoint the run goes on from; without it the log begins anew. */
  readonly resumeAt?: number;
}

/**
 * One JSON object a line: steps as `{"step":1,"loss":...}`, evaluations with `"scores"`.
 *
 * @param path - the file; folders are made.
 */
export function jsonLinesLog(path: string, options: MetricLogOptions = {}): MetricLog {
  begin(path, options, "", (line) => {
    try {
      return (JSON.parse(line) as { step: number }).step;
    } catch {
      return Number.NaN; // a line cut off by a crash
    }
  });
  return {
    step: (event) => appendFileSync(path, `${stepToJson(event)}\n`),
    evaluation: (event) => appendFileSync(path, `${evaluationToJson(event)}\n`),
  };
}

/** The steps as a table with a header; evaluations have other columns and go to `<name>.evaluations.csv`. */
export function csvLog(path: string, options: MetricLogOptions = {}): MetricLog {
  const scoresPath = path.replace(/(\.csv)?$/, ".evaluations.csv");
  const stepOf = (line: string): number => Number(line.slice(0, line.indexOf(",")));
  const header = `${stepColumns.join(",")}\n`;
  const width = stepColumns.length;
  begin(path, options, header, (line) =>
    line.split(",").length === width ? stepOf(line) : Number.NaN,
  );
  begin(scoresPath, options, "step,epoch,best,score,value\n", stepOf);
  return {
    step: (event) => appendFileSync(path, `${stepToCsv(event)}\n`),
    evaluation: ({ step, epoch, best, scores }) => {
      for (const [name, value] of Object.entries(scores)) {
        const quoted = /[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
        appendFileSync(scoresPath, `${step},${epoch},${best},${quoted},${value}\n`);
      }
    },
  };
}

/**
 * TensorBoard's files: `tensorboard --logdir <folder>` shows loss, learning rate, gradient norm and speed under
 * "train/", scores under "evaluation/".
 *
 * @param folder - of this run; each call opens a further file in it.
 * @param options.wallTime - seconds since 1970, for the records.
 */
export function tensorBoardLog(
  folder: string,
  options: MetricLogOptions & { readonly wallTime?: () => number } = {},
): MetricLog {
  const { resumeAt, wallTime = () => Date.now() / 1000 } = options;
  mkdirSync(folder, { recursive: true });
  const started = wallTime();
  const name = (part: number): string =>
    join(folder, `events.out.tfevents.${Math.floor(started)}.seq.${process.pid}.${part}`);
  let part = 0;
  while (existsSync(name(part))) part++;
  const path = name(part);
  writeFileSync(path, versionRecord(started));
  if (resumeAt !== undefined) appendFileSync(path, restartRecord(wallTime(), resumeAt + 1));
  const add = (step: number, scalars: Record<string, number>): void =>
    appendFileSync(path, scalarRecord(wallTime(), step, scalars));
  return {
    step: ({ step, loss, learningRate, gradientNorm, tokensPerSecond }) =>
      add(step, {
        "train/loss": loss,
        "train/learning rate": learningRate,
        "train/gradient norm": gradientNorm,
        "train/tokens per second": tokensPerSecond,
      }),
    evaluation: ({ step, scores }) =>
      add(
        step,
        Object.fromEntries(Object.entries(scores).map(([key, v]) => [`evaluation/${key}`, v])),
      ),
  };
}

/** A new file, or the old one without the lines after the resumed step and without a torn last line. */
function begin(
  path: string,
  { resumeAt }: MetricLogOptions,
  header: string,
  stepOf: (line: string) => number,
): void {
  mkdirSync(dirname(path), { recursive: true });
  let content = header;
  if (resumeAt !== undefined && existsSync(path)) {
    const lines = readFileSync(path, "utf8").split("\n").slice(0, -1); // what ends in no break is torn
    const rows = header === "" ? lines : lines.slice(1);
    for (const line of rows) if (stepOf(line) <= resumeAt) content += `${line}\n`;
  }
  const temporary = `${path}.writing`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}
