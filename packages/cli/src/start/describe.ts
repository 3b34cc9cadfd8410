/** What `seq start` says before and after training. */
import { kernelInfo } from "@seq/kernels";
import type { TranslatorMetrics, TranslatorScores } from "@seq/pipelines";
import type { StartData } from "./data.ts";

const count = (n: number) => n.toLocaleString("en");

/** @example percent(0.9971) // "99.71 %" */
export function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

export function describeStart({ train, dev, test }: StartData): string {
  const { backend, path, threads } = kernelInfo();
  const pairs = `${count(train.length)} training pairs, ${count(dev.length)} to watch, ${count(test.length)} held out`;
  return `${pairs}; ${backend} (${path}, ${threads} thread${threads === 1 ? "" : "s"})`;
}

/** Ten samples, then the figures. */
export function describeResults(
  data: StartData,
  metrics: TranslatorMetrics,
  scores: TranslatorScores,
  output: string,
): string {
  const samples = data.test.slice(0, 10).flatMap(({ source, target }, i) => {
    const text = scores.translations[i]?.text ?? "";
    return text === target ? [source, `  = ${text}`] : [source, `  ≠ ${text}`, `    ${target}`];
  });
  const lines = [
    ...samples,
    "",
    `exact match ${percent(metrics.exactMatch)}   BLEU ${metrics.bleu.toFixed(2)}   chrF ${metrics.chrf.toFixed(2)}   perplexity ${metrics.perplexity.toFixed(4)}`,
    `BLEU signature ${scores.bleuSignature}`,
    `${count(metrics.steps)} steps in ${metrics.trainSeconds.toFixed(1)} s, ${count(Math.round(metrics.tokensPerSecond))} target pieces/s, ${count(metrics.parameters)} parameters`,
    `model, metrics.json and report.html are in ${output}`,
  ];
  return `${lines.join("\n")}\n`;
}
