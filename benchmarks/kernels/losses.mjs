/**
 * `node benchmarks/kernels/losses.mjs [A|B|C] [rounds]`: the output layer with its loss, forward and backward,
 * at the sizes of the language-model configurations: ours in chunks, ours with all logits, and tfjs-wasm in
 * its own process (its products with explicit transposes, its best way). Losses and gradients are compared first.
 * Medians of processor time on one thread, then of the clock on one and two.
 */
import * as kernels from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { compare, gaussian, median, startPeer, timed, timedByClock } from "./shared.mjs";

const configurations = {
  A: { rows: 16 * 35, inputSize: 128, classes: 1000 },
  B: { rows: 32 * 35, inputSize: 256, classes: 10000 },
  C: { rows: 20 * 35, inputSize: 650, classes: 10000 },
};
const name = process.argv[2] ?? "A";
const rounds = Number(process.argv[3] ?? 7);
const { rows, inputSize, classes } = configurations[name];

const info = await kernels.loadKernels({ threads: 1 });
const x = tf.tensor2d(gaussian(rows * inputSize, 1), [rows, inputSize]);
const weight = tf.tensor2d(gaussian(classes * inputSize, 2, 0.1), [classes, inputSize]);
const bias = tf.tensor1d(gaussian(classes, 3));
const ids = tf.tensor1d(
  Int32Array.from({ length: rows }, (_, i) => (i * 7919) % classes),
  "int32",
);

const trainingStep = (loss) => {
  const run = tf.valueAndGrads(loss);
  return () =>
    tf.tidy(() => {
      const { value, grads } = run([x, weight, bias]);
      return [value, ...grads].map((tensor) => tensor.dataSync().slice(0, 1000));
    });
};
const ways = {
  "in chunks": trainingStep((x, w, b) => kernels.linearCrossEntropy(x, w, b, ids)),
  "all logits": trainingStep((x, w, b) =>
    kernels.softmaxCrossEntropy(kernels.linear(x, w, b), ids),
  ),
};

const peer = await startPeer();
const theirs = await peer.ask({ task: "crossEntropy", rows, inputSize, classes, rounds });
peer.stop();
for (const [way, step] of Object.entries(ways)) {
  for (const [i, values] of step().entries()) {
    compare(`${way}: output ${i}`, values, theirs.values[i], 1e-5);
  }
}

const flops = 6 * rows * inputSize * classes;
const times = Object.fromEntries(
  Object.keys(ways).map((way) => [way, { cpu: [], one: [], two: [] }]),
);
for (let round = 0; round < rounds; round++) {
  for (const [way, step] of Object.entries(ways)) times[way].cpu.push(timed(step));
}
// Apart, because starting and ending threads takes processor time too.
for (let round = 0; round < rounds; round++) {
  for (const [threads, clock] of Object.entries({ 1: "one", 2: "two" })) {
    await kernels.loadKernels({ threads: Number(threads) });
    for (const [way, step] of Object.entries(ways)) {
      step();
      times[way][clock].push(timedByClock(step));
    }
  }
}
await kernels.loadKernels({ threads: 1 });

console.log(
  `${name}: ${rows} rows, ${inputSize} in, ${classes} classes; ${info.path}, ${process.version}`,
);
const theirMs = median(theirs.times);
console.log(
  `tfjs-wasm    ${theirMs.toFixed(1).padStart(8)} ms ${(flops / theirMs / 1e6).toFixed(1)} GFLOP/s`,
);
for (const [way, { cpu, one, two }] of Object.entries(times)) {
  const ms = median(cpu);
  console.log(
    way.padEnd(12),
    ms.toFixed(1).padStart(8),
    `ms ${(flops / ms / 1e6).toFixed(1)} GFLOP/s, x tfjs ${(theirMs / ms).toFixed(1)}, two threads x ${(median(one) / median(two)).toFixed(2)}`,
  );
}
