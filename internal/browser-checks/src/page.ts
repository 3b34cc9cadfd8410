/** What the test page runs; the result is left for the test to pick up. */
import { type StepsResult, trainingSteps } from "./training-steps.ts";

declare global {
  interface Window {
    result?: StepsResult | { readonly error: string };
  }
}

try {
  window.result = await trainingSteps(50);
} catch (error) {
  window.result = {
    error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error),
  };
}
