/**
 * `node benchmarks/cells/bench.mjs [A|B] [rounds]`: one recurrent layer, forward and forward + backward, ours on one
 * thread and on all, against `tf.layers` on tfjs-wasm in its own process, rounds alternating. Outputs
 * and the gradient of the recurrent weights are compared first; a difference ends the run. Then what padding costs,
 * one step at batch 1, and what packing the gates into one product saves. Figures are medians in milliseconds: of processor time where one thread works, because
 * other work on the machine stretches the clock; of the clock for all threads.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { GRU, LSTM, RNN, toKeras } from "@seq/cells";
import { Rng } from "@seq/core";
import { kernelInfo, linear, loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";

const configurations = {
  A: { batch: 16, time: 35, size: 128 },
  B: { batch: 32, time: 35, size: 256 },
};
const name = process.argv[2] ?? "A";
const rounds = Number(process.argv[3] ?? 7);
const { batch, time, size } = configurations[name];
const kerasNames = { LSTM: "LSTM", GRU: "GRU", RNN: "SimpleRNN" };

const peer = fork(fileURLToPath(new URL("./peer-tfjs.mjs", import.meta.url)), {
  serialization: "advanced",
});
const answer = () => new Promise((resolve) => peer.once("message", resolve));
await answer();
const ask = (message) => {
  const answered = answer();
  peer.send(message);
  return answered;
};

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function gaussian(length, seed) {
  const rng = new Rng(seed);
  return Float32Array.from({ length }, () => rng.normal());
}

function createLayer(kind) {
  const options = { inputSize: size, hiddenSize: size, rng: new Rng(1) };
  if (kind === "LSTM") return new LSTM(options);
  return kind === "GRU" ? new GRU({ ...options, resetGate: "before-product" }) : new RNN(options);
}

/** One bias, as tf.layers has it. */
function clearSecondBias(layer) {
  const bias = layer.parameters.get("bias_hh_l0");
  tf.tidy(() => bias.assign(tf.zeros(bias.shape)));
}

function kerasWeights(kind, layer) {
  const values = (parameter) => layer.parameters.get(`${parameter}_l0`).dataSync().slice();
  const weights = {
    weight_ih: values("weight_ih"),
    weight_hh: values("weight_hh"),
    bias_ih: values("bias_ih"),
    bias_hh: values("bias_hh"),
  };
  return toKeras(kerasNames[kind], weights, size, false);
}

/** Milliseconds of processor time. */
function timed(body) {
  const begin = process.cpuUsage();
  body();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

/** Milliseconds of the clock. */
function timedByClock(body) {
  const begin = performance.now();
  body();
  return performance.now() - begin;
}

function largestDifference(a, b) {
  return a.reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - b[i]) / Math.max(1, Math.abs(b[i]))),
    0,
  );
}

/** Ends the run unless both sides compute the same. */
function compare(kind, layer, run, theirs) {
  const outputs = tf.tidy(() => layer.forward(run.xs).outputs.dataSync().slice());
  const parameter = layer.parameters.get("weight_hh_l0");
  const gradient = tf.tidy(() => run.gradients()[parameter.name].dataSync().slice());
  const packed = { weight_ih: parameter.dataSync(), weight_hh: gradient };
  const { recurrentKernel } = toKeras(kerasNames[kind], packed, size, false);
  const differences = [
    largestDifference(outputs, theirs.outputs),
    largestDifference(recurrentKernel, theirs.gradient),
  ];
  if (!(differences[0] < 1e-4 && differences[1] < 1e-3)) {
    console.error(`${kind}: outputs differ by ${differences[0]}, gradients by ${differences[1]}`);
    process.exit(1);
  }
  return differences;
}

async function benchKind(kind) {
  await loadKernels({ threads: 1 });
  const [input, target] = [gaussian(batch * time * size, 2), gaussian(batch * time * size, 3)];
  const layer = createLayer(kind);
  clearSecondBias(layer);
  const xs = tf.tensor3d(input, [batch, time, size]);
  const wanted = tf.tensor3d(target, [batch, time, size]);
  const variables = [...layer.parameters.values()];
  const gradients = () =>
    tf.variableGrads(() => tf.sum(tf.mul(layer.forward(xs).outputs, wanted)), variables).grads;
  const forward = () => tf.tidy(() => void layer.forward(xs).outputs.dataSync());
  const backward = () => tf.tidy(() => void gradients()[variables[1].name].dataSync());
  const setup = { kind, batch, time, size, input, target, weights: kerasWeights(kind, layer) };
  const differences = compare(kind, layer, { xs, gradients }, await ask({ setup }));

  const times = { one: [[], []], all: [[], []], peer: [[], []] };
  await ask({ time: 1 });
  for (let round = 0; round < rounds; round++) {
    for (const [side, threads] of [
      ["one", 1],
      ["all", undefined],
    ]) {
      await loadKernels(threads === undefined ? { threads: allThreads } : { threads });
      forward();
      backward();
      const measure = side === "one" ? timed : timedByClock;
      times[side][0].push(measure(forward));
      times[side][1].push(measure(backward));
    }
    const theirs = await ask({ time: 1 });
    times.peer[0].push(...theirs.forward);
    times.peer[1].push(...theirs.backward);
  }
  const gates = { LSTM: 4, GRU: 3, RNN: 1 }[kind];
  const flops = 2 * batch * time * gates * size * 2 * size;
  for (const [i, what, factor] of [
    [0, "forward", 1],
    [1, "forward + backward", 3],
  ]) {
    const [one, all, peerTime] = ["one", "all", "peer"].map((side) => median(times[side][i]));
    const rate = (factor * flops) / one / 1e6;
    console.log(
      `${kind.padEnd(5)} ${what.padEnd(19)} ${one.toFixed(2).padStart(9)} ${all.toFixed(2).padStart(9)} ${peerTime.toFixed(1).padStart(9)} ${(peerTime / one).toFixed(1).padStart(8)}x ${rate.toFixed(1).padStart(8)}   ${differences.map((d) => d.toExponential(0)).join(" ")}`,
    );
  }
  layer.dispose();
  tf.dispose([xs, wanted]);
}

/** A batch of skewed lengths, run by its lengths and run as if every row were full. */
async function benchPadding() {
  await loadKernels({ threads: 1 });
  const layer = createLayer("LSTM");
  const lengths = Int32Array.from({ length: batch }, (_, row) =>
    Math.max(1, Math.round(time * 0.75 ** row)),
  );
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const xs = tf.tensor3d(gaussian(batch * time * size, 4), [batch, time, size]);
  const variables = [...layer.parameters.values()];
  const run = (options) => () =>
    tf.tidy(() => {
      const { grads } = tf.variableGrads(
        () => tf.sum(layer.forward(xs, options).outputs),
        variables,
      );
      grads[variables[1].name].dataSync();
    });
  const [full, skewed] = [run({}), run({ lengths })];
  const times = [[], []];
  for (let round = 0; round < 3 * rounds; round++) {
    [full, skewed].forEach((body, i) => {
      times[i].push(timed(body));
    });
  }
  const [fullTime, skewedTime] = times.map(median);
  console.log(
    `padding: ${tokens} of ${batch * time} steps are real (${(tokens / batch / time).toFixed(2)}); LSTM forward + backward takes ${(skewedTime / fullTime).toFixed(2)} of the full batch's time (${skewedTime.toFixed(2)} / ${fullTime.toFixed(2)} ms)`,
  );
}

async function benchStep() {
  await loadKernels({ threads: 1 });
  for (const kind of ["LSTM", "GRU", "RNN"]) {
    const layer = createLayer(kind);
    const x = tf.ones([1, size]);
    let state = layer.initialState(1);
    const body = () => {
      for (let i = 0; i < 200; i++) {
        const next = layer.step(x, state);
        tf.dispose([next.output, state]);
        state = next.state;
      }
    };
    body();
    const milliseconds = median(Array.from({ length: rounds }, () => timed(body))) / 200;
    console.log(`${kind.padEnd(5)} step at batch 1: ${(1000 * milliseconds).toFixed(0)} us`);
  }
}

/** The products of the four gates of a step: one packed matrix against four. */
async function benchPackedGates() {
  await loadKernels({ threads: 1 });
  for (const rows of [1, batch]) {
    const h = tf.tensor2d(gaussian(rows * size, 5), [rows, size]);
    const packed = tf.tensor2d(gaussian(4 * size * size, 6), [4 * size, size]);
    const gates = tf.split(packed, 4, 0);
    const bodies = [
      () => tf.dispose(linear(h, packed)),
      () => tf.dispose(gates.map((gate) => linear(h, gate))),
    ];
    const times = [[], []];
    for (let round = 0; round < 5 * rounds; round++) {
      bodies.forEach((body, i) => {
        times[i].push(
          timed(() => {
            for (let k = 0; k < 50; k++) body();
          }) / 50,
        );
      });
    }
    const [one, four] = times.map(median);
    console.log(
      `packed gates, batch ${rows}: one product takes ${(1000 * one).toFixed(0)} us, four take ${(1000 * four).toFixed(0)} us (${(four / one).toFixed(1)}x)`,
    );
    tf.dispose([h, packed, gates]);
  }
}

await loadKernels();
const allThreads = kernelInfo().threads;
console.log(
  `${name}: batch ${batch}, time ${time}, input = hidden = ${size}; ${kernelInfo().path}, ${allThreads} threads; Node ${process.version}, tfjs ${tf.version_core}; ${rounds} rounds`,
);
console.log(
  "kind  what                 ours ms  all thr.  tf.layers  ratio   GFLOP/s   outputs and gradients differ by",
);
for (const kind of ["LSTM", "GRU", "RNN"]) await benchKind(kind);
await benchPadding();
await benchStep();
await benchPackedGates();
peer.kill();
process.exit(0);
