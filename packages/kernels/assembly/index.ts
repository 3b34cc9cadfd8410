// One file per kernel family; every exported function works on byte offsets into tfjs's heap.
export { gemm, gemmScratchBytes } from "./gemm";
export { run } from "./task";
export { firstBadId } from "./embedding";
