/** When a run saves and what it resumes from. */
import { checkInteger, checkNumber, checkOneOf, checkOptions } from "@seq/core";
import { Checkpoints } from "../checkpoint/checkpoints.ts";
import { writer } from "../version.ts";
import type { CheckpointOptions } from "./fit.types.ts";
import { type Run, restoreSnapshot, takeSnapshot } from "./run-snapshot.ts";

export class RunCheckpoints<Batch> {
  readonly #run: Run<Batch>;
  readonly #options: CheckpointOptions;
  readonly #clock: () => number;
  readonly #checkpoints: Checkpoints;
  #savedAt: number;
  #savedStep: number;

  private constructor(
    run: Run<Batch>,
    options: CheckpointOptions,
    clock: () => number,
    checkpoints: Checkpoints,
  ) {
    this.#run = run;
    this.#options = options;
    this.#clock = clock;
    this.#checkpoints = checkpoints;
    this.#savedAt = clock();
    this.#savedStep = run.state.moment.step;
  }

  /** Checks the options and puts the run where a checkpoint left it, if it is to be resumed and there is one. */
  static async open<Batch>(
    run: Run<Batch>,
    options: CheckpointOptions,
    clock: () => number,
  ): Promise<RunCheckpoints<Batch>> {
    checkOptions("fit: checkpoints", options, [
      ...["storage", "everySteps", "everyMinutes", "best", "keep", "keepEvery", "resume"],
      ...["files", "onSave", "onResume", "onFailure"],
    ]);
    const { storage, everySteps, everyMinutes, resume, keep, keepEvery } = options;
    const where = "fit: checkpoints";
    if (everySteps !== undefined) checkInteger(where, "everySteps", everySteps, { min: 1 });
    if (everyMinutes !== undefined) checkNumber(where, "everyMinutes", everyMinutes, { min: 0 });
    const checkpoints = new Checkpoints(storage, {
      writer,
      ...(keep === undefined ? {} : { keep }),
      ...(keepEvery === undefined ? {} : { keepEvery }),
    });
    if (resume !== undefined) {
      const which = checkOneOf(where, "resume", resume, ["latest", "best"]);
      const loaded = await checkpoints.load(which);
      if (loaded !== undefined) {
        const { name, snapshot, damaged } = loaded;
        await restoreSnapshot(name, run, snapshot);
        options.onResume?.({ name, step: snapshot.step, files: snapshot.files, damaged });
      }
    }
    return new RunCheckpoints(run, options, clock, checkpoints);
  }

  /** @param at - whether the evaluation of this step was the best, and whether the run ends here. */
  isDue(at: { readonly best: boolean; readonly ends: boolean }): boolean {
    const { everySteps, everyMinutes, best = true } = this.#options;
    const { step } = this.#run.state.moment;
    if (step === this.#savedStep) return false;
    if (at.ends || (at.best && best)) return true;
    if (everySteps !== undefined && step % everySteps === 0) return true;
    const minutes = (this.#clock() - this.#savedAt) / 60_000;
    return everyMinutes !== undefined && minutes >= everyMinutes;
  }

  async save(best: boolean): Promise<void> {
    const files = this.#options.files ?? new Map<string, Uint8Array>();
    const { step } = this.#run.state.moment;
    try {
      const name = await this.#checkpoints.save(takeSnapshot(this.#run, { best, files }));
      this.#options.onSave?.({ name, step, best });
    } catch (error) {
      if (this.#options.onFailure === undefined) throw error;
      this.#options.onFailure(error as Error);
    }
    this.#savedStep = step;
    this.#savedAt = this.#clock();
  }
}
