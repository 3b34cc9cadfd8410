/** What a person sees while a translator trains: a bar on a terminal, plain lines elsewhere. */
import type { WriteStream } from "node:tty";
import type { KernelInfo } from "@seq/kernels";
import type { TrainingProgress, Translation, TranslatorMetrics } from "@seq/pipelines";
import { SingleBar } from "cli-progress";
import type { StartData } from "../start/data.ts";

const secondsBetweenLines = 5;

export class TrainingDisplay {
  readonly #stream: WriteStream;
  #bar: SingleBar | undefined;
  #lastLine = Number.NEGATIVE_INFINITY;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  begin(data: StartData, kernels: KernelInfo): void {
    const { train, dev, test } = data;
    const count = (n: number) => n.toLocaleString("en");
    this.#print(
      `${count(train.length)} training pairs, ${count(dev.length)} to watch, ${count(test.length)} held out; ${kernels.backend} (${kernels.path}, ${kernels.threads} threads)`,
    );
  }

  progress(event: TrainingProgress): void {
    if (this.#stream.isTTY) this.#moveBar(event);
    else this.#printLine(event);
  }

  evaluation(scores: {
    readonly step: number;
    readonly devLoss: number;
    readonly bleu: number;
    readonly exactMatch: number;
  }): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#print(
      `step ${scores.step}: dev loss ${scores.devLoss.toFixed(4)}, dev BLEU ${scores.bleu.toFixed(2)}, dev exact match ${(100 * scores.exactMatch).toFixed(1)} %`,
    );
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  /** The results go to standard output: they are what the command is for. */
  results(
    data: StartData,
    metrics: TranslatorMetrics,
    translations: readonly Translation[],
    output: string,
  ): void {
    const lines = [
      "",
      ...data.test.slice(0, 10).flatMap(({ source, target }, i) => {
        const text = translations[i]?.text ?? "";
        return [`${source}`, `  ${text === target ? "=" : "≠"} ${text}`];
      }),
      "",
      `exact match ${(100 * metrics.exactMatch).toFixed(2)} %   BLEU ${metrics.bleu.toFixed(2)}   chrF ${metrics.chrf.toFixed(2)}   perplexity ${metrics.perplexity.toFixed(4)}`,
      `${metrics.steps} steps in ${metrics.trainSeconds.toFixed(1)} s, ${Math.round(metrics.tokensPerSecond)} target tokens/s, ${metrics.parameters.toLocaleString("en")} parameters`,
      `model, metrics.json and report.html are in ${output}`,
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  }

  #moveBar({ step, steps, loss, tokensPerSecond, eta }: TrainingProgress): void {
    const total = steps ?? (eta === undefined ? step : step);
    const payload = {
      loss: loss.toFixed(4),
      speed: Math.round(tokensPerSecond),
      left: eta === undefined ? "?" : formatSeconds(eta),
    };
    if (this.#bar === undefined) {
      this.#bar = new SingleBar({
        stream: this.#stream,
        format: "{bar} step {value}/{total}  {speed} tokens/s  loss {loss}  ETA {left}",
        barCompleteChar: "█",
        barIncompleteChar: "░",
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
      });
      this.#bar.start(total, step, payload);
      return;
    }
    this.#bar.setTotal(total);
    this.#bar.update(step, payload);
  }

  #printLine({ step, steps, loss, tokensPerSecond, eta }: TrainingProgress): void {
    const now = performance.now() / 1000;
    if (now - this.#lastLine < secondsBetweenLines && step !== steps) return;
    this.#lastLine = now;
    const of = steps === undefined ? "" : `/${steps}`;
    const left = eta === undefined ? "" : `, ETA ${formatSeconds(eta)}`;
    this.#print(
      `step ${step}${of}, ${Math.round(tokensPerSecond)} tokens/s, loss ${loss.toFixed(4)}${left}`,
    );
  }

  #print(line: string): void {
    this.#stream.write(`${line}\n`);
  }
}

/** @example formatSeconds(75) // "1:15" */
function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
