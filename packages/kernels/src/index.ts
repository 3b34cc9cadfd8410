export type { BackendName } from "./backend/tfjs.ts";
export type { KernelPath } from "./install.ts";
export { type KernelInfo, kernelInfo, type LoadOptions, loadKernels } from "./load.ts";
export {
  type AttentionOptions,
  type AttentionScore,
  type AttentionWeights,
  attention,
} from "./ops/attention.ts";
export {
  type AttentionLstmOptions,
  type AttentionLstmResult,
  attentionLstmSequence,
} from "./ops/attention-lstm.ts";
export { dropout } from "./ops/dropout.ts";
export { elmanSequence, elmanStep } from "./ops/elman.ts";
export { type EmbeddingOptions, embedding } from "./ops/embedding.ts";
export { globalNorm } from "./ops/global-norm.ts";
export { gruSequence, gruStep } from "./ops/gru.ts";
export { type Int8Weight, linearInt8, quantizeWeight } from "./ops/int8.ts";
export { layerNorm } from "./ops/layer-norm.ts";
export { limitRowNorms } from "./ops/limit-row-norms.ts";
export { linear } from "./ops/linear.ts";
export { linearCrossEntropy } from "./ops/linear-cross-entropy.ts";
export { lstmSequence, lstmStep } from "./ops/lstm.ts";
export {
  type AdadeltaUpdate,
  type AdagradUpdate,
  type AdamaxUpdate,
  type AdamUpdate,
  type AsgdUpdate,
  adadeltaUpdate,
  adagradUpdate,
  adamaxUpdate,
  adamUpdate,
  adamwUpdate,
  asgdUpdate,
  type NadamUpdate,
  nadamUpdate,
  type RadamUpdate,
  type RmspropUpdate,
  type RpropUpdate,
  radamUpdate,
  rmspropUpdate,
  rpropUpdate,
  type SgdUpdate,
  sgdUpdate,
  type Update,
} from "./ops/optimizers.ts";
export type {
  Activation,
  ElmanOptions,
  GruOptions,
  HiddenState,
  LstmState,
  LstmWeights,
  RecurrentWeights,
  ResetGate,
  SequenceOptions,
} from "./ops/recurrent.types.ts";
export {
  type SoftTargetOptions,
  softTargetCrossEntropy,
} from "./ops/soft-target-cross-entropy.ts";
export { type CrossEntropyOptions, softmaxCrossEntropy } from "./ops/softmax-cross-entropy.ts";
export { gruStepInt8, type Int8CellWeights, lstmStepInt8 } from "./ops/steps-int8.ts";
