// One file per kernel family; every exported function works on byte offsets into tfjs's heap.
export { gemm, gemmScratchBytes } from "./gemm";
export { run } from "./task";
export { packedBackBytes, packedGatesBytes } from "./recurrent";
export { lstmScratchBytes } from "./lstm";
export { gruScratchBytes } from "./gru";
export { elmanScratchBytes } from "./elman";
export { activate, gruPointwise, lstmPointwise } from "./steps";
export { attentionLstmScratchBytes } from "./attention-lstm";
export { firstBadId } from "./embedding";
