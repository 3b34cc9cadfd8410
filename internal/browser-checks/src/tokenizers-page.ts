/** What the tokenizer page runs; the result is left for the test to pick up. */
import { trainingDigests } from "./tokenizer-training.ts";

declare global {
  interface Window {
    digests?: readonly string[] | { readonly error: string };
  }
}

try {
  const corpus = await (await fetch("/corpus.txt")).text();
  const workerUrl = new URL("/count-worker.js", location.href);
  window.digests = await trainingDigests(corpus.split("\n"), workerUrl);
} catch (error) {
  window.digests = {
    error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error),
  };
}
