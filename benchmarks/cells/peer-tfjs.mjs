/**
 * `tf.layers` on tfjs-wasm in a process of its own, so that our kernels do not speed it up. Messages in:
 * `{ setup }`, `{ time: rounds }`; out: `{ outputs, gradient }`, `{ forward, backward }` in milliseconds of
 * processor time.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
setWasmPaths(`${join(folder, "dist")}/`);
await tf.setBackend("wasm");
await tf.ready();
tf.env().set("PROD", true);

const factories = {
  LSTM: (options) => tf.layers.lstm({ ...options, recurrentActivation: "sigmoid" }),
  GRU: (options) =>
    tf.layers.gru({ ...options, recurrentActivation: "sigmoid", resetAfter: false }),
  RNN: (options) => tf.layers.simpleRNN(options),
};

let layer;
let xs;
let target;

function setup({ kind, batch, time, size, input, weights, target: wanted }) {
  layer?.dispose();
  tf.dispose([xs, target].filter(Boolean));
  xs = tf.tensor3d(input, [batch, time, size]);
  target = tf.tensor3d(wanted, [batch, time, size]);
  layer = factories[kind]({
    units: size,
    returnSequences: true,
    recurrentInitializer: "glorotUniform",
  });
  layer.apply(xs).dispose();
  const gates = weights.bias.length / size;
  layer.setWeights([
    tf.tensor2d(weights.kernel, [size, gates * size]),
    tf.tensor2d(weights.recurrentKernel, [size, gates * size]),
    tf.tensor1d(weights.bias),
  ]);
}

function forward() {
  tf.tidy(() => layer.apply(xs).dataSync());
}

function backward() {
  return tf.tidy(() => {
    const variables = layer.trainableWeights.map((weight) => weight.val);
    const { grads } = tf.variableGrads(() => layer.apply(xs).mul(target).sum(), variables);
    return variables.map((variable) => grads[variable.name].dataSync().slice());
  });
}

function timed(body, rounds) {
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const begin = process.cpuUsage();
    body();
    const { user, system } = process.cpuUsage(begin);
    times.push((user + system) / 1000);
  }
  return times;
}

process.on("message", (message) => {
  if (message.setup) {
    setup(message.setup);
    const outputs = tf.tidy(() => layer.apply(xs).dataSync().slice());
    process.send({ outputs, gradient: backward()[1] });
  } else {
    process.send({
      forward: timed(forward, message.time),
      backward: timed(backward, message.time),
    });
  }
});
process.send("ready");
