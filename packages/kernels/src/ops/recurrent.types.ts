/** Arguments and results shared by the recurrent ops. Shapes: batch B, time T, sizes In, H (hidden), Out. */
import type { Tensor } from "@tensorflow/tfjs-core";

/** Weights as torch stores them; gates stacked along the first axis (G = 4 LSTM, 3 GRU, 1 Elman). */
export interface RecurrentWeights {
  /** `[G*H, In]` */
  readonly weightIh: Tensor;
  /** `[G*H, Out]` */
  readonly weightHh: Tensor;
  /** `[G*H]` */
  readonly biasIh?: Tensor | null;
  /** `[G*H]` */
  readonly biasHh?: Tensor | null;
}

export interface LstmWeights extends RecurrentWeights {
  /** `[Out, H]`: projects the hidden state (torch's `proj_size`); without it Out = H. */
  readonly weightHr?: Tensor | null;
}

export interface SequenceOptions {
  /** True length of each row, 1..T; padding is at the end. Default: all T. */
  readonly lengths?: Int32Array;
  /** Reads each row from its true end to its start; outputs stay at their own time. */
  readonly reverse?: boolean;
}

export interface LstmState {
  /** `[B, Out]` */
  readonly h: Tensor;
  /** `[B, H]` */
  readonly c: Tensor;
}

export interface HiddenState {
  /** `[B, H]` */
  readonly h: Tensor;
}

/** Where the reset gate r acts: n = tanh(Wx + b + r*(Uh + b')) or n = tanh(Wx + b + U(r*h) + b'). */
export type ResetGate = "after-product" | "before-product";

export interface GruOptions {
  readonly resetGate?: ResetGate;
}

export type Activation = "tanh" | "relu" | "sigmoid" | "identity";

export interface ElmanOptions {
  readonly activation?: Activation;
}
