import { getBackend } from "@tensorflow/tfjs-core";
import { modulePath } from "../backend/module.ts";

/** True when the running backend is WASM and our module works in its heap. */
export function hasFastKernels(): boolean {
  return modulePath() !== undefined && getBackend() === "wasm";
}
