/** What a person sees while a model trains: a bar on a terminal, plain lines elsewhere. */
import type { WriteStream } from "node:tty";
import type { TrainingProgress } from "@seq/pipelines";
import { SingleBar } from "cli-progress";

const secondsBetweenLines = 5;

export class TrainingDisplay {
  readonly #stream: WriteStream;
  #bar: SingleBar | undefined;
  #lastLine = Number.NEGATIVE_INFINITY;

  /** @param stream - standard error: what is shown is not a result. */
  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  progress(event: TrainingProgress): void {
    if (this.#stream.isTTY) this.#moveBar(event);
    else this.#printLine(event);
  }

  /** A line of its own, above the bar. */
  line(text: string): void {
    this.end();
    this.#stream.write(`${text}\n`);
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #moveBar({ step, steps = step, loss, tokensPerSecond, eta }: TrainingProgress): void {
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
      this.#bar.start(steps, step, payload);
      return;
    }
    this.#bar.setTotal(steps);
    this.#bar.update(step, payload);
  }

  #printLine({ step, steps, loss, tokensPerSecond, eta }: TrainingProgress): void {
    const now = performance.now() / 1000;
    if (now - this.#lastLine < secondsBetweenLines && step !== steps) return;
    this.#lastLine = now;
    const of = steps === undefined ? "" : `/${steps}`;
    const left = eta === undefined ? "" : `, ETA ${formatSeconds(eta)}`;
    this.#stream.write(
      `step ${step}${of}, ${Math.round(tokensPerSecond)} tokens/s, loss ${loss.toFixed(4)}${left}\n`,
    );
  }
}

/** @example formatSeconds(75) // "1:15" */
function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
