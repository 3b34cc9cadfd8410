/**
 * tfjs-wasm in a process of its own, so that our kernels do not speed it up. Messages in: a task's name and
 * settings; out: what it computed, or milliseconds of processor time for each of `rounds`.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { gaussian, timed } from "./shared.mjs";

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
setWasmPaths(`${join(folder, "dist")}/`);
await tf.setBackend("wasm");
await tf.ready();
tf.env().set("PROD", true);

const optimizers = {
  sgd: () => tf.train.sgd(0.01),
  momentum: () => tf.train.momentum(0.01, 0.9),
  adam: () => tf.train.adam(0.01),
  adagrad: () => tf.train.adagrad(0.01, 1),
};

/** The parameters after three steps, and times of the steps after. */
function optimize({ method, size, rounds }) {
  const parameter = tf.variable(
    tf.tensor1d(gaussian(size, 1)),
    true,
    `p${Math.floor(performance.now())}`,
  );
  const gradient = tf.tensor1d(gaussian(size, 2));
  const optimizer = optimizers[method]();
  const step = () => optimizer.applyGradients({ [parameter.name]: gradient });
  for (let i = 0; i < 3; i++) step();
  const values = parameter.dataSync().slice(0, 1000);
  const times = Array.from({ length: rounds }, () => timed(step));
  tf.dispose([parameter, gradient]);
  optimizer.dispose?.();
  return { values, times };
}

/** The products with a transposed operand are made by explicit transposes: tfjs's own are 20 times slower. */
const product = tf.customGrad((x, weight, save) => {
  save([x, weight]);
  return {
    value: tf.matMul(x, tf.transpose(weight)),
    gradFunc: (dy, [x, weight]) => [tf.matMul(dy, weight), tf.matMul(tf.transpose(dy), x)],
  };
});

/** Linear layer and cross-entropy as tfjs has them: loss, slices of the gradients, times. */
function crossEntropy({ rows, inputSize, classes, rounds }) {
  const x = tf.tensor2d(gaussian(rows * inputSize, 1), [rows, inputSize]);
  const weight = tf.tensor2d(gaussian(classes * inputSize, 2, 0.1), [classes, inputSize]);
  const bias = tf.tensor1d(gaussian(classes, 3));
  const ids = tf.tensor1d(
    Int32Array.from({ length: rows }, (_, i) => (i * 7919) % classes),
    "int32",
  );
  const run = tf.valueAndGrads((x, weight, bias) =>
    tf.losses.softmaxCrossEntropy(tf.oneHot(ids, classes), tf.add(product(x, weight), bias)),
  );
  const step = () =>
    tf.tidy(() => {
      const { value, grads } = run([x, weight, bias]);
      return [value, ...grads].map((tensor) => tensor.dataSync().slice(0, 1000));
    });
  const values = step();
  const times = Array.from({ length: rounds }, () => timed(step));
  tf.dispose([x, weight, bias, ids]);
  return { values, times };
}

/** tf.matMul as it is: the start of the result, times of single products. */
function multiply({ m, k, n, ta, tb, rounds }) {
  const a = tf.tensor2d(gaussian(m * k, 1), ta ? [k, m] : [m, k]);
  const b = tf.tensor2d(gaussian(k * n, 2), tb ? [n, k] : [k, n]);
  const step = () => tf.tidy(() => tf.matMul(a, b, ta, tb).dataSync().slice(0, 1000));
  const values = step();
  // A slow one is timed less often, a fast one in groups.
  const single = timed(step);
  const repeats = Math.max(1, Math.min(50, Math.ceil(5 / (single + 0.1))));
  const group = () => {
    for (let i = 0; i < repeats; i++) tf.dispose(tf.matMul(a, b, ta, tb));
  };
  const times = Array.from({ length: single > 300 ? 1 : rounds }, () => timed(group) / repeats);
  tf.dispose([a, b]);
  return { values, times };
}

process.on("message", ({ task, ...settings }) => {
  process.send({ optimize, crossEntropy, product: multiply }[task](settings));
});
process.send("ready");
