/** Runs a layer's gradients on 1, 2 and 3 threads in the page; the sums of their bits are left for the test. */
import { kernelInfo, loadKernels, lstmSequence } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";

export interface ThreadsResult {
  readonly rounds: {
    readonly threads: number;
    readonly shared: boolean;
    readonly bits: number[];
  }[];
  readonly tensors: number;
  readonly error?: string;
}

declare global {
  interface Window {
    threadsResult?: ThreadsResult;
  }
}

try {
  const rounds: ThreadsResult["rounds"] = [];
  for (const threads of [1, 2, 3, 2]) {
    await loadKernels({ threads });
    for (let round = 0; round < 3; round++) {
      const info = kernelInfo();
      rounds.push({ threads: info.threads, shared: info.sharedHeap, bits: gradientBits() });
      await new Promise((resolve) => setTimeout(resolve, 20)); // the threads fall asleep
    }
  }
  window.threadsResult = { rounds, tensors: tf.memory().numTensors };
} catch (error) {
  window.threadsResult = { rounds: [], tensors: 0, error: String(error) };
}

/** One number per gradient: its words, summed with a multiplier, so that any changed bit shows. */
function gradientBits(): number[] {
  const bits: number[] = [];
  tf.tidy(() => {
    const values = (length: number) =>
      Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37) / 8);
    const x = tf.tensor(values(16 * 10 * 64), [16, 10, 64]);
    const zero = tf.zeros([16, 64]);
    const weights = [1, 2].map(() => tf.tensor(values(256 * 64), [256, 64]));
    const gradients = tf.grads((weightIh, weightHh) =>
      tf.sum(
        tf.square(lstmSequence(x, { h: zero, c: zero }, { weightIh, weightHh } as never).outputs),
      ),
    )(weights);
    for (const gradient of gradients) {
      const words = new Uint32Array((gradient.dataSync() as Float32Array).slice().buffer);
      bits.push(words.reduce((sum, word) => (Math.imul(sum, 31) + word) | 0, 7));
    }
  });
  return bits;
}
