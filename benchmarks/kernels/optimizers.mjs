/**
 * `node benchmarks/kernels/optimizers.mjs [values] [rounds]`: one optimizer step over that many parameters
 * (default 4 million: far beyond the caches) on one thread, as a share of the bandwidth of a plain copy measured in
 * the same rounds, and against tfjs-wasm. Parameters after three steps are compared first. Medians of
 * processor time; two threads by the clock.
 */
import * as kernels from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { compare, gaussian, median, startPeer, timed, timedByClock } from "./shared.mjs";

const size = Number(process.argv[2] ?? 4_000_000);
const rounds = Number(process.argv[3] ?? 9);

/** Slots, what they start at, floats read and written for each value, and tfjs's name. */
const methods = {
  sgd: { update: kernels.sgdUpdate, slots: {}, traffic: 3, peer: "sgd" },
  momentum: {
    update: kernels.sgdUpdate,
    options: { momentum: 0.9 },
    slots: { momentumBuffer: 0 },
    traffic: 5,
    peer: "momentum",
  },
  adam: {
    update: kernels.adamUpdate,
    options: { epsilon: 1e-7 }, // tfjs's
    slots: { firstMoment: 0, secondMoment: 0 },
    traffic: 7,
    peer: "adam",
  },
  adamw: { update: kernels.adamwUpdate, slots: { firstMoment: 0, secondMoment: 0 }, traffic: 7 },
  adagrad: {
    update: kernels.adagradUpdate,
    options: { epsilon: 1e-7 },
    slots: { squareSum: 1 },
    traffic: 5,
    peer: "adagrad",
  },
  rmsprop: {
    update: kernels.rmspropUpdate,
    slots: { squareAverage: 0, gradientAverage: 0 },
    traffic: 7,
  },
  asgd: {
    update: kernels.asgdUpdate,
    options: { eta: 0.01, mu: 0.5 },
    slots: { average: 0 },
    traffic: 5,
  },
};

const peer = await startPeer();
console.log(`${size} values, ${rounds} rounds, ${process.version}`);
console.log("method    ms    GB/s  % of copy  two threads: x  tfjs ms  x tfjs");

for (const [name, { update, options = {}, slots, traffic, peer: theirs }] of Object.entries(
  methods,
)) {
  const { path } = await kernels.loadKernels({ threads: 1 });
  const parameter = tf.variable(tf.tensor1d(gaussian(size, 1)));
  const gradient = tf.tensor1d(gaussian(size, 2));
  const variables = Object.fromEntries(
    Object.entries(slots).map(([slot, start]) => [slot, tf.variable(tf.fill([size], start))]),
  );
  let step = 0;
  const run = () =>
    update({ parameter, gradient, learningRate: 0.01, ...variables, ...options, step: ++step });
  for (let i = 0; i < 3; i++) run();
  const answer = theirs && (await peer.ask({ task: "optimize", method: theirs, size, rounds }));
  if (answer) compare(name, parameter.dataSync().slice(0, 1000), answer.values, 1e-5);

  const from = new Float32Array(size);
  const to = new Float32Array(size);
  const [ours, copies] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push(timed(run));
    copies.push(timed(() => to.set(from)));
  }
  const ms = median(ours);
  const bandwidth = (4 * traffic * size) / ms / 1e6;
  const copyBandwidth = (8 * size) / median(copies) / 1e6;

  const oneByClock = [];
  const twoByClock = [];
  for (let round = 0; round < rounds; round++) {
    await kernels.loadKernels({ threads: 1 });
    run();
    oneByClock.push(timedByClock(run));
    await kernels.loadKernels({ threads: 2 });
    run();
    twoByClock.push(timedByClock(run));
  }
  const theirMs = answer && median(answer.times);
  console.log(
    name.padEnd(9),
    ms.toFixed(2).padStart(5),
    bandwidth.toFixed(1).padStart(6),
    `${((100 * bandwidth) / copyBandwidth).toFixed(0)} %`.padStart(9),
    (median(oneByClock) / median(twoByClock)).toFixed(2).padStart(15),
    answer ? theirMs.toFixed(1).padStart(9) : "        -",
    answer ? (theirMs / ms).toFixed(1).padStart(7) : "      -",
    name === "sgd" ? ` (${path}; copy ${copyBandwidth.toFixed(1)} GB/s)` : "",
  );
  tf.dispose([parameter, gradient, variables]);
}
await kernels.loadKernels({ threads: 1 });
peer.stop();
