/**
 * `node benchmarks/kernels/gemm.mjs [rounds]`: products at the workloads' sizes, all four transposes: ours on
 * one thread against the SIMD peak measured between the rounds and against tfjs's matMul in its own process.
 * Results are compared first. Medians of processor time; the last column by the clock on two threads.
 */
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { peakMeter } from "./peak.mjs";
import { compare, gaussian, median, startPeer, timed, timedByClock } from "./shared.mjs";

const rounds = Number(process.argv[2] ?? 9);
const sizes = [
  [16, 128, 512],
  [32, 256, 1024],
  [560, 128, 512],
  [1120, 256, 1024],
  [1120, 1024, 256],
  [512, 512, 512],
  [700, 650, 2600],
  [1120, 256, 10000],
]; // M, K, N
const transposes = {
  "A B": [false, false],
  "A Bᵀ": [false, true],
  "Aᵀ B": [true, false],
  "Aᵀ Bᵀ": [true, true],
};

const { path } = await loadKernels({ threads: 1 });
const peak = await peakMeter(path);
const peer = await startPeer();
console.log(`${path}, peak ${peak().toFixed(1)} GFLOP/s`);
console.log("M x K x N         ops     GFLOP/s  of peak  tfjs GFLOP/s  ours/tfjs  2 threads/1");
for (const [m, k, n] of sizes) {
  for (const [name, [ta, tb]] of Object.entries(transposes)) {
    const a = tf.tensor2d(gaussian(m * k, 1), ta ? [k, m] : [m, k]);
    const b = tf.tensor2d(gaussian(k * n, 2), tb ? [n, k] : [k, n]);
    const repeats = Math.max(1, Math.ceil(4e7 / (m * k * n)));
    const step = () => {
      for (let i = 0; i < repeats; i++) tf.dispose(tf.matMul(a, b, ta, tb));
    };
    const theirs = await peer.ask({ task: "product", m, k, n, ta, tb, rounds });
    const out = tf.matMul(a, b, ta, tb);
    compare(`${name} ${m}x${k}x${n}`, out.dataSync().subarray(0, 1000), theirs.values, 1e-5);
    out.dispose();
    step();
    const peaks = [];
    const times = Array.from({ length: rounds }, () => {
      peaks.push(peak());
      return timed(step);
    });
    const flops = 2 * m * k * n;
    const ours = (flops * repeats) / median(times) / 1e6;
    const tfjs = flops / median(theirs.times) / 1e6;
    const one = median(Array.from({ length: rounds }, () => timedByClock(step)));
    await loadKernels({ threads: 2 });
    step();
    const two = median(Array.from({ length: rounds }, () => timedByClock(step)));
    await loadKernels({ threads: 1 });
    console.log(
      [
        `${m} x ${k} x ${n}`.padEnd(18),
        name.padEnd(7),
        ours.toFixed(1).padStart(7),
        `${((100 * ours) / median(peaks)).toFixed(0)} %`.padStart(8),
        tfjs.toFixed(1).padStart(13),
        (ours / tfjs).toFixed(1).padStart(10),
        (one / two).toFixed(2).padStart(12),
      ].join(" "),
    );
    tf.dispose([a, b]);
  }
}
peer.stop();
