/** Training as a person at a terminal sees it: a bar with the time left; plain lines where there is no terminal. */
import type { Writable } from "node:stream";
import { SingleBar } from "cli-progress";
import type { EvaluationEvent, StepEvent } from "../loop/fit.types.ts";
import type { MetricLog } from "./metric-logs.ts";

export interface TerminalProgressOptions {
  /** Default standard error: standard output is for results. */
  readonly stream?: Writable & { readonly isTTY?: boolean };
  /** Steps of the whole run, for the bar; without it the share is told by the time left. */
  readonly maxSteps?: number;
  /** Seconds between plain lines (default 5). */
  readonly secondsBetweenLines?: number;
}

export interface TerminalProgress extends MetricLog {
  /** Clears the bar, so that other lines can follow. */
  readonly stop: () => void;
}

/**
 * @example
 * const progress = terminalProgress({ maxSteps: 1000 });
 * await fit(model, data, { maxSteps: 1000, onProgress: progress.step, onEvaluation: progress.evaluation });
 * progress.stop();
 */
export function terminalProgress(options: TerminalProgressOptions = {}): TerminalProgress {
  const { stream = process.stderr, maxSteps, secondsBetweenLines = 5 } = options;
  const print = (line: string): void => void stream.write(`${line}\n`);
  const evaluationLine = ({ step, scores, best }: EvaluationEvent): string =>
    `step ${step}: ${Object.entries(scores)
      .map(([name, value]) => `${name} ${formatNumber(value)}`)
      .join(", ")}${best ? " (best)" : ""}`;
  if (stream.isTTY !== true) {
    let next = 0;
    return {
      step: (event) => {
        if (event.seconds < next) return;
        next = event.seconds + secondsBetweenLines;
        print(stepLine(event, maxSteps));
      },
      evaluation: (event) => print(evaluationLine(event)),
      stop: () => {},
    };
  }
  let bar: SingleBar | undefined;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    step: (event) => {
      const total = 1000; // in thousandths: the share may come from steps or from time
      const value = Math.round(total * share(event, maxSteps));
      const payload = { line: stepLine(event, maxSteps) };
      if (bar === undefined) {
        bar = new SingleBar({
          stream: stream as NodeJS.WritableStream,
          format: "{bar} {percentage} %  {line}",
          barCompleteChar: "█",
          barIncompleteChar: "░",
          barsize: 24,
          hideCursor: true,
          clearOnComplete: true,
        });
        bar.start(total, value, payload);
      } else bar.update(value, payload);
    },
    evaluation: (event) => {
      stop();
      print(evaluationLine(event));
    },
    stop,
  };
}

/** How much of the run is done, 0..1. */
function share({ step, seconds, eta }: StepEvent, maxSteps: number | undefined): number {
  if (maxSteps !== undefined) return Math.min(1, step / maxSteps);
  if (eta === undefined) return 0;
  return seconds + eta === 0 ? 1 : seconds / (seconds + eta);
}

function stepLine(event: StepEvent, maxSteps: number | undefined): string {
  const { step, epoch, loss, learningRate, gradientNorm, tokensPerSecond, eta } = event;
  const of = maxSteps === undefined ? "" : ` of ${maxSteps}`;
  const left = eta === undefined ? "" : `, ${formatSeconds(eta)} left`;
  return `step ${step}${of}, epoch ${epoch}, loss ${loss.toFixed(4)}, rate ${formatNumber(learningRate)}, norm ${formatNumber(gradientNorm)}, ${Math.round(tokensPerSecond)} tokens/s${left}`;
}

/** @example formatSeconds(3725) // "1:02:05" */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

/** Four significant digits, without trailing zeros. */
function formatNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}
