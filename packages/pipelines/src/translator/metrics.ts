/** What a training run of a translator came to; written as `metrics.json`. */
export interface TranslatorMetrics {
  /** `"numbers"` for the built-in job, `"translate"` for the user's own text. */
  readonly job: string;
  readonly seed: number;
  readonly steps: number;
  /** Seconds in training steps and development losses, without evaluation. */
  readonly trainSeconds: number;
  /** Target pieces per second of training. */
  readonly tokensPerSecond: number;
  /** Nats per target piece of the batch of each step, in order. */
  readonly trainLoss: readonly number[];
  /** Nats per target piece of the development lines, and the steps after which they were measured. */
  readonly devLoss: readonly number[];
  readonly devSteps: readonly number[];
  /** Fraction of held-out lines translated exactly as the reference. */
  readonly exactMatch: number;
  /** 0..100 */
  readonly bleu: number;
  /** 0..100 */
  readonly chrf: number;
  /** exp of the loss per target piece on the held-out lines. */
  readonly perplexity: number;
  readonly parameters: number;
  /** Threads that ran the kernels. */
  readonly workers: number;
  /** `"wasm-relaxed-simd"`, `"wasm-simd"` or `"reference"`. */
  readonly kernelPath: string;
}
