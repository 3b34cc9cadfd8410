/**
 * `node benchmarks/kernels/int8.mjs [rounds]`: one token of generation at batch 1 (LSTM steps and the output
 * layer), float32 weights against 8-bit ones, on one thread; rounds alternate. Logits are compared first: the 8-bit
 * ones may differ by 5 % of the largest after 40 tokens. Medians of microseconds of processor time.
 */
import * as kernels from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { compare, gaussian, median, timed } from "./shared.mjs";

const rounds = Number(process.argv[2] ?? 15);
const tokens = 40; // in each round

const configurations = [
  { size: 256, classes: 1000, layers: 1 },
  { size: 512, classes: 10000, layers: 1 },
  { size: 650, classes: 10000, layers: 2 },
];

const { path } = await kernels.loadKernels({ threads: 1 });
console.log(`${path}, ${process.version}`);
console.log("configuration       float32 us  int8 us     x  output layer alone: x");

for (const { size, classes, layers } of configurations) {
  const matrix = (rows, seed) =>
    tf.tensor2d(gaussian(rows * size, seed, 1 / Math.sqrt(size)), [rows, size]);
  const weights = Array.from({ length: layers }, (_, layer) => ({
    weightIh: matrix(4 * size, 10 + layer),
    weightHh: matrix(4 * size, 20 + layer),
    biasIh: tf.zeros([4 * size]),
  }));
  const output = matrix(classes, 30);
  const bias = tf.zeros([classes]);
  const small = weights.map(({ weightIh, weightHh, biasIh }) => ({
    weightIh: kernels.quantizeWeight(weightIh),
    weightHh: kernels.quantizeWeight(weightHh),
    biasIh,
  }));
  const smallOutput = kernels.quantizeWeight(output);
  const x = tf.tensor2d(gaussian(size, 40), [1, size]);

  const generate = (step, layersOf, project) => () =>
    tf.tidy(() => {
      const zero = () => tf.zeros([1, size]);
      let states = layersOf.map(() => ({ h: zero(), c: zero() }));
      let logits;
      for (let token = 0; token < tokens; token++) {
        let input = x;
        states = states.map((state, i) => {
          const next = step(input, state, layersOf[i]);
          input = next.h;
          return next;
        });
        logits = project(input);
      }
      return logits.dataSync().slice();
    });
  const ways = {
    float: generate(kernels.lstmStep, weights, (h) => kernels.linear(h, output, bias)),
    int8: generate(kernels.lstmStepInt8, small, (h) => kernels.linearInt8(h, smallOutput, bias)),
  };
  const outputs = {
    float: () => tf.tidy(() => kernels.linear(x, output, bias).dataSync()[0]),
    int8: () => tf.tidy(() => kernels.linearInt8(x, smallOutput, bias).dataSync()[0]),
  };
  const expected = ways.float();
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scaled = (values) => values.map((value) => value / largest);
  compare(`logits at ${size}`, scaled(ways.int8()), scaled(expected), 0.05);

  const times = { float: [], int8: [], floatOutput: [], int8Output: [] };
  const repeat = (body) => () => {
    for (let i = 0; i < tokens; i++) body();
  };
  for (let round = 0; round < rounds; round++) {
    times.float.push((1000 * timed(ways.float)) / tokens);
    times.int8.push((1000 * timed(ways.int8)) / tokens);
    times.floatOutput.push(timed(repeat(outputs.float)));
    times.int8Output.push(timed(repeat(outputs.int8)));
  }
  const [float, int8] = [median(times.float), median(times.int8)];
  console.log(
    `${layers} x ${size}, V = ${classes}`.padEnd(18),
    float.toFixed(0).padStart(11),
    int8.toFixed(0).padStart(8),
    (float / int8).toFixed(2).padStart(6),
    (median(times.floatOutput) / median(times.int8Output)).toFixed(2).padStart(10),
  );
  tf.dispose([weights, output, bias, x]);
  for (const weight of [
    ...small.flatMap((layer) => [layer.weightIh, layer.weightHh]),
    smallOutput,
  ]) {
    weight.dispose();
  }
}
