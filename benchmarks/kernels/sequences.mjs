/**
 * `node benchmarks/kernels/sequences.mjs [rounds]`: recurrent layers, forward and forward with backward, at the
 * sizes of the language-model configurations, on one thread against the SIMD peak measured between the rounds;
 * then the clock on one and on two threads. Outputs are compared with single steps of tfjs ops first.
 */
import * as kernels from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { peakMeter } from "./peak.mjs";
import { compare, gaussian, median, timed, timedByClock } from "./shared.mjs";

const rounds = Number(process.argv[2] ?? 7);
const configurations = { A: [16, 35, 128], B: [32, 35, 256], D: [32, 64, 512], C: [20, 35, 650] };
const layers = {
  lstm: { gates: 4, run: (x, h, w) => kernels.lstmSequence(x, { h, c: h }, w).outputs },
  gru: { gates: 3, run: (x, h, w) => kernels.gruSequence(x, { h }, w).outputs },
  elman: { gates: 1, run: (x, h, w) => kernels.elmanSequence(x, { h }, w).outputs },
};

const { path } = await kernels.loadKernels({ threads: 1 });
const peak = await peakMeter(path);
console.log(`${path}, peak ${peak().toFixed(1)} GFLOP/s`);
console.log("layer    B,T,H        forward ms  of peak  fwd+bwd ms  of peak  2 threads/1");
for (const [name, [batch, time, size]] of Object.entries(configurations)) {
  for (const [kind, { gates, run }] of Object.entries(layers)) {
    const x = tf.tensor3d(gaussian(batch * time * size, 1), [batch, time, size]);
    const zero = tf.zeros([batch, size]);
    const matrix = (seed) =>
      tf.tensor2d(gaussian(gates * size * size, seed, 0.05), [gates * size, size]);
    const weights = {
      weightIh: matrix(2),
      weightHh: matrix(3),
      biasIh: tf.zeros([gates * size]),
      biasHh: tf.zeros([gates * size]),
    };
    const dy = tf.ones([batch, time, size]);
    const forward = () => tf.tidy(() => void run(x, zero, weights));
    const gradients = tf.grads((x, weightIh, weightHh, biasIh, biasHh) =>
      run(x, zero, { weightIh, weightHh, biasIh, biasHh }),
    );
    const both = () => tf.tidy(() => void gradients([x, ...Object.values(weights)], dy));
    await checkOutputs(kind, run, x, zero, weights);
    forward();
    both();
    const peaks = [];
    const measure = (body, clock) =>
      median(
        Array.from({ length: rounds }, () => {
          peaks.push(peak());
          return clock(body);
        }),
      );
    const [forwardTime, bothTime] = [measure(forward, timed), measure(both, timed)];
    const one = measure(both, timedByClock);
    await kernels.loadKernels({ threads: 2 });
    both();
    const two = measure(both, timedByClock);
    await kernels.loadKernels({ threads: 1 });
    const flops = 2 * gates * 2 * size * size * batch * time;
    const share = (times, ms) =>
      `${((100 * times * flops) / ms / 1e6 / median(peaks)).toFixed(0)} %`;
    console.log(
      [
        kind.padEnd(8),
        `${name} ${batch},${time},${size}`.padEnd(12),
        forwardTime.toFixed(2).padStart(10),
        share(1, forwardTime).padStart(8),
        bothTime.toFixed(2).padStart(11),
        share(3, bothTime).padStart(8),
        (one / two).toFixed(2).padStart(12),
      ].join(" "),
    );
    tf.dispose([x, zero, dy, Object.values(weights)]);
  }
}

/** The first rows' outputs against the composition of tfjs ops on its CPU backend. */
async function checkOutputs(kind, run, x, zero, weights) {
  const [, time, size] = x.shape;
  const steps = Math.min(3, time);
  const got = tf.tidy(() =>
    tf.slice(run(x, zero, weights), [0, 0, 0], [2, steps, size]).dataSync(),
  );
  const values = [x, ...Object.values(weights)].map((tensor) => [tensor.dataSync(), tensor.shape]);
  await kernels.loadKernels({ backend: "cpu" });
  const expected = tf.tidy(() => {
    const [all, ...w] = values.map(([data, shape]) => tf.tensor(data, shape));
    const [weightIh, weightHh, biasIh, biasHh] = w;
    const some = tf.slice(all, [0, 0, 0], [2, steps, size]);
    return run(some, tf.zeros([2, size]), { weightIh, weightHh, biasIh, biasHh }).dataSync();
  });
  await kernels.loadKernels({ backend: "wasm" });
  compare(kind, got, expected, 1e-5);
}
