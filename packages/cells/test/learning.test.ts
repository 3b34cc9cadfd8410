/**
 * What the options are for, shown by training: small tasks, several seeds, thresholds on the loss.
 */
import { Rng } from "@seq/core";
import { adamUpdate, globalNorm, linear, loadKernels, softmaxCrossEntropy } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Connections,
  disposeState,
  LSTM,
  newVariable,
  RNN,
  xavierUniform,
} from "../src/index.ts";

const symbols = 4;

interface Trainable {
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
  readonly outputSize: number;
  forward(xs: tf.Tensor): { readonly outputs: tf.Tensor };
}

/** A batch: inputs `[batch, time, symbols + 1]` and targets for some of the steps, -100 elsewhere. */
interface Task {
  readonly inputs: tf.Tensor;
  readonly targets: tf.Tensor;
}

/** Mean loss, in nats, of the last fifth of the steps of training a layer and a linear output on a task. */
function train(layers: Trainable, draw: (rng: Rng) => Task, steps: number, seed: number): number {
  const rng = new Rng(seed);
  const weight = newVariable(xavierUniform()(symbols, layers.outputSize, rng), [
    symbols,
    layers.outputSize,
  ]);
  const variables = [...layers.parameters.values(), weight] as tf.Variable[];
  const moments = variables.map((v) =>
    [v, v].map(({ shape, size }) => newVariable(new Float32Array(size), shape)),
  );
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    tf.tidy(() => {
      const { inputs, targets } = draw(rng);
      const { value, grads } = tf.variableGrads(() => {
        const { outputs } = layers.forward(inputs);
        const rows = tf.reshape(outputs, [-1, layers.outputSize]);
        return softmaxCrossEntropy(linear(rows, weight), targets) as tf.Scalar;
      }, variables);
      const list = variables.map((variable) => grads[variable.name] as tf.Tensor);
      const gradientScale = Math.min(1, 1 / globalNorm(list));
      variables.forEach((parameter, i) => {
        const [firstMoment, secondMoment] = moments[i] as [tf.Variable, tf.Variable];
        const gradient = list[i] as tf.Tensor;
        adamUpdate({
          parameter,
          gradient,
          firstMoment,
          secondMoment,
          step,
          learningRate: 0.01,
          gradientScale,
        });
      });
      losses.push(value.dataSync()[0] as number);
    });
  }
  tf.dispose([weight, ...moments.flat()]);
  const tail = losses.slice(-Math.ceil(steps / 5));
  return tail.reduce((sum, loss) => sum + loss, 0) / tail.length;
}

/** A symbol at step 0, blanks after it; the target of the last step is that symbol. */
function remember(batch: number, time: number): (rng: Rng) => Task {
  return (rng) => {
    const inputs = new Float32Array(batch * time * (symbols + 1));
    const targets = new Int32Array(batch * time).fill(-100);
    for (let row = 0; row < batch; row++) {
      const symbol = rng.integer(symbols);
      for (let t = 0; t < time; t++) {
        inputs[(row * time + t) * (symbols + 1) + (t === 0 ? symbol : symbols)] = 1;
      }
      targets[row * time + time - 1] = symbol;
    }
    return {
      inputs: tf.tensor3d(inputs, [batch, time, symbols + 1]),
      targets: tf.tensor1d(targets, "int32"),
    };
  };
}

/** Random symbols; the target of a step is the symbol `delay` steps before. */
function copyWithDelay(batch: number, time: number, delay: number): (rng: Rng) => Task {
  return (rng) => {
    const inputs = new Float32Array(batch * time * (symbols + 1));
    const targets = new Int32Array(batch * time).fill(-100);
    for (let at = 0; at < batch * time; at++) {
      const symbol = rng.integer(symbols);
      inputs[at * (symbols + 1) + symbol] = 1;
      if ((at % time) + delay < time) targets[at + delay] = symbol;
    }
    return {
      inputs: tf.tensor3d(inputs, [batch, time, symbols + 1]),
      targets: tf.tensor1d(targets, "int32"),
    };
  };
}

describe("learning", () => {
  beforeAll(() => loadKernels());
  const seeds = [1, 2, 3];

  test("tensors and bytes stay constant over 1,000 training steps and 10,000 steps of generation", () => {
    const draw = copyWithDelay(2, 5, 1);
    using lstm = new LSTM({ inputSize: symbols + 1, hiddenSize: 4, rng: new Rng(1) });
    train(lstm, draw, 2, 1);
    const { numTensors, numBytes } = tf.memory();
    train(lstm, draw, 1000, 1);
    const x = tf.ones([1, symbols + 1]);
    let state = lstm.initialState(1);
    for (let t = 0; t < 10_000; t++) {
      const next = lstm.step(x, state);
      next.output.dispose();
      disposeState(state);
      state = next.state;
    }
    disposeState(state);
    x.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(tf.memory().numBytes).toBe(numBytes);
  });

  /** The mean over the seeds. */
  function meanLoss(run: (seed: number) => number): number {
    return seeds.reduce((sum, seed) => sum + run(seed) / seeds.length, 0);
  }

  test("the longer a memory must last, the higher the forget bias must start", () => {
    const loss = (time: number, forgetBias: number, steps: number) =>
      meanLoss((seed) => {
        const options = { inputSize: symbols + 1, hiddenSize: 16, forgetBias, rng: new Rng(seed) };
        using lstm = new LSTM(options);
        return train(lstm, remember(16, time), steps, seed);
      });
    // What is kept of c at the start is σ(bias)^time; guessing costs ln 4 = 1.386.
    expect(loss(20, 0, 150)).toBeGreaterThan(1.3);
    expect(loss(20, 1, 150)).toBeLessThan(1);
    expect(loss(30, 1, 150)).toBeGreaterThan(1.3);
    expect(loss(30, 3, 150)).toBeLessThan(1);
  });

  test("8 layers do not reach the loss of 2 without paths around layers, and do with them", () => {
    const loss = (numLayers: number, connections: Connections) =>
      meanLoss((seed) => {
        const options = { inputSize: symbols + 1, hiddenSize: 16, numLayers, connections };
        using rnn = new RNN({ ...options, rng: new Rng(seed) });
        return train(rnn, copyWithDelay(16, 12, 2), 40, seed);
      });
    const shallow = loss(2, "none"); // measured: 0.07
    expect(loss(8, "none")).toBeGreaterThan(3 * shallow); // 0.48
    expect(loss(8, "residual")).toBeLessThan(shallow); // 0.001
    expect(loss(8, "dense")).toBeLessThan(shallow); // 0.007
    expect(loss(8, "skip")).toBeLessThan(shallow); // 0.03
  });
});
