/** Steps and evaluations as lines of JSON or CSV: the text only, for whoever writes it. */
import type { EvaluationEvent, StepEvent } from "../loop/fit.types.ts";

/** The numbers of a step that are worth a log, in the order of the CSV columns. */
export const stepColumns = [
  ...[
    "step",
    "epoch",
    "loss",
    "learningRate",
    "gradientNorm",
    "tokens",
    "tokensPerSecond",
    "seconds",
  ],
] as const;

/** @example {"step":1,"epoch":1,"loss":6.9,"learningRate":0.001,...} */
export function stepToJson(event: StepEvent): string {
  return JSON.stringify(
    Object.fromEntries(stepColumns.map((name) => [name, event[name as keyof StepEvent]])),
  );
}

/** @example {"step":100,"epoch":1,"best":true,"scores":{"loss":5.1}} */
export function evaluationToJson({ step, epoch, best, scores }: EvaluationEvent): string {
  return JSON.stringify({ step, epoch, best, scores });
}

export function stepToCsv(event: StepEvent): string {
  return stepColumns.map((name) => String(event[name as keyof StepEvent])).join(",");
}
