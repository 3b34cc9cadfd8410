/** What a learning-rate schedule is: a function of the moment, sometimes with a memory of validation scores. */

/** Where training stands; both count from 0. */
export interface ScheduleMoment {
  /** Optimizer steps done so far. */
  readonly step: number;
  /** Epochs finished so far. */
  readonly epoch: number;
}

/**
 * A schedule turns the base rate of a parameter group into the rate of one step. It is a function of the
 * moment, so that a resumed run has the same rates; only schedules that watch a validation score keep state.
 */
export interface Schedule {
  /** For messages and saved files: `"cosine"`. */
  readonly kind: string;
  /**
   * @param baseRate - the rate the optimizer or the parameter group was given.
   * @throws {OptionError} `SCHEDULE_ENDED` by schedules of a fixed length.
   */
  rate(moment: ScheduleMoment, baseRate: number): number;
  /** The momentum (SGD) or first beta (Adam) of the step, for schedules that cycle it too; `undefined` leaves it. */
  momentum?(moment: ScheduleMoment): number | undefined;
  /** Takes one validation score: `plateau` and what wraps it. */
  observe?(score: number): void;
  /** Plain JSON; absent when the schedule remembers nothing. */
  state?(): unknown;
  /** @throws {FormatError} `SCHEDULE_STATE` */
  restore?(state: unknown): void;
}
