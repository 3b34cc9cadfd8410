// One file per kernel family; every exported function works on byte offsets into tfjs's heap.
export { gemm, gemmScratchBytes } from "./gemm";
export { run } from "./task";
export { adadelta, adagrad, adam, adamax, asgd, rmsprop, rprop, sgd, sgdMomentum, sumOfSquares } from "./optimizers";
export { firstBadId, gather, scatterAdd } from "./embedding";
export { crossEntropy, crossEntropyGradient, crossEntropyInPlace } from "./softmax-cross-entropy";
export {
  additiveAttention, additiveAttentionGradient, attentionScoreGradient, dotAttention, dotAttentionGradient,
} from "./attention";
export { layerNorm, layerNormGradient, layerNormParameters } from "./layer-norm";
export { dropout } from "./dropout";
