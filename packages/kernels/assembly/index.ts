// One file per kernel family; every exported function works on byte offsets into tfjs's heap.
export { add } from "./probe";
