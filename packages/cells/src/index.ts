export {
  type AttendOptions,
  Attention,
  type AttentionModuleOptions,
  type AttentionScoreName,
} from "./attention.ts";
export type { ActivationName } from "./cells/activations.ts";
export { CoupledLSTMCell } from "./cells/coupled-lstm-cell.ts";
export { ElmanCell, type ElmanCellOptions, type ElmanState } from "./cells/elman-cell.ts";
export { GatedElmanCell } from "./cells/gated-elman-cell.ts";
export { GRUCell, type GRUCellOptions, type GRUState } from "./cells/gru-cell.ts";
export { LayerNormLSTMCell } from "./cells/layer-norm-lstm-cell.ts";
export { LSTMCell, type LSTMCellOptions, type LSTMState } from "./cells/lstm-cell.ts";
export { MinimalGatedCell } from "./cells/minimal-gated-cell.ts";
export { newVariable, type ParameterSpec } from "./cells/parameters.ts";
export { PeepholeLSTMCell } from "./cells/peephole-lstm-cell.ts";
export {
  type Advance,
  type CellShape,
  RecurrentCell,
  type SequenceArguments,
  type SequenceCell,
  type SequenceResult,
} from "./cells/recurrent-cell.ts";
export type { VariantCellOptions } from "./cells/variant-options.ts";
export {
  concatGates,
  gateMatrices,
  gruGateOrders,
  joinHiddenAndInput,
  lstmGateOrders,
  reorderGates,
  splitGates,
  splitHiddenAndInput,
} from "./gates.ts";
export {
  constantInitializer,
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  normalInitializer,
  orthogonalInitializer,
  type ParameterInitializers,
  uniformInitializer,
  xavierNormal,
  xavierUniform,
} from "./initializers.ts";
export {
  fromKeras,
  type KerasKind,
  type KerasWeights,
  type PackedWeights,
  toKeras,
} from "./keras-weights.ts";
export type { Connections } from "./layers/connections.ts";
export { countParameters, describeCell } from "./layers/describe.ts";
export { GRU, type GRUOptions } from "./layers/gru.ts";
export type {
  CellRequest,
  ForwardOptions,
  ForwardResult,
  LayerOptions,
  RecurrentLayersOptions,
} from "./layers/layer-options.ts";
export {
  disposeState,
  type InitialState,
  type StackedState,
  stackState,
  unstackState,
} from "./layers/layer-state.ts";
export { LSTM, type LSTMOptions } from "./layers/lstm.ts";
export type { MergeMode } from "./layers/merge.ts";
export { RecurrentLayers } from "./layers/recurrent-layers.ts";
export { RNN, type RNNOptions } from "./layers/rnn.ts";
export { countOperations, type OperationCount } from "./operations.ts";
export {
  type PackOptions,
  type PackPaddedOptions,
  packPaddedSequence,
  packSequence,
} from "./packing/pack.ts";
export { PackedSequence } from "./packing/packed-sequence.ts";
export {
  type PadOptions,
  type PadPackedOptions,
  padPackedSequence,
  padSequence,
  unpackSequence,
} from "./packing/pad.ts";
export { type GateRecording, recordGates } from "./record-gates.ts";
export { withRecurrentDropout, withWeightDrop, withZoneout } from "./regularized-cells.ts";
export { readNpz } from "./torch-weights/npz.ts";
export { type ReadStateDictOptions, readStateDict } from "./torch-weights/read-state-dict.ts";
export {
  type LoadStateDictOptions,
  loadParameters,
  parametersToStateDict,
  type StateDict,
  type WritableStateDict,
} from "./torch-weights/state-dict.ts";
export { type FileTensor, isFileTensor, readTorchFile } from "./torch-weights/torch-file.ts";
export { runSequence, type UnrollOptions, unroll } from "./unroll.ts";
