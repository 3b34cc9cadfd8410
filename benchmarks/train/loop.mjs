/**
 * `node benchmarks/train/loop.mjs [rounds]`: what the loop around the model costs at configuration A. The same steps by `fit`
 * and by the bare calls (gradients, norm, update) alternate; processor time, so that other work on the machine counts
 * little. Both must end with the same loss.
 */
import { Rng } from "@seq/core";
import { globalNorm, loadKernels } from "@seq/kernels";
import { Adam, clipCoefficient, computeGradients, fit, sequenceBatches } from "@seq/train";
import { dispose } from "@tensorflow/tfjs-core";
import { configurations, makeModel, makeRows, median } from "./shared.mjs";

const rounds = Number(process.argv[2] ?? 7);
const stepsPerRound = 40;
const info = await loadKernels({ threads: 1 });
const [batchSize] = configurations.A;
const rows = makeRows("A", batchSize * 50);
const options = { batchSize, seed: 1 };

const inLoop = {
  model: makeModel("A"),
  data: sequenceBatches(rows, options),
  optimizer: new Adam(),
};
const bare = { model: makeModel("A"), data: sequenceBatches(rows, options), optimizer: new Adam() };

async function byFit({ model, data, optimizer }) {
  let last = 0;
  await fit(model, data, {
    ...{ optimizer, clipNorm: 1, maxSteps: stepsPerRound },
    onProgress: ({ loss }) => {
      last = loss;
    },
  });
  return last;
}

function byHand({ model, data, optimizer }) {
  const rng = new Rng(0);
  let last = 0;
  for (let i = 0; i < stepsPerRound; i++) {
    const { batch } = data.next();
    const context = { training: true, rng: rng.split() };
    const { loss, gradients, state } = computeGradients(model, model.parameters, batch, context);
    const norm = globalNorm([...gradients.values()]);
    optimizer.step(model.parameters, gradients, { gradientScale: clipCoefficient(norm, 1) });
    dispose([...gradients.values()]);
    if (state !== undefined) dispose(state);
    last = loss;
  }
  return last;
}

async function timed(body) {
  const begin = process.cpuUsage();
  const result = await body();
  const { user, system } = process.cpuUsage(begin);
  return { result, ms: (user + system) / 1000 / stepsPerRound };
}

await byFit(inLoop);
byHand(bare);
const times = { fit: [], bare: [] };
for (let round = 0; round < rounds; round++) {
  const a = await timed(() => byFit(inLoop));
  const b = await timed(() => byHand(bare));
  if (a.result !== b.result)
    throw new Error(`fit ends at loss ${a.result}, the bare calls at ${b.result}`);
  times.fit.push(a.ms);
  times.bare.push(b.ms);
}
const [withLoop, without] = [median(times.fit), median(times.bare)];
console.log(
  `${info.path}: fit ${withLoop.toFixed(2)} ms a step, bare calls ${without.toFixed(2)}; the loop costs ${(100 * (withLoop / without - 1)).toFixed(1)} % (median of ${rounds} rounds of ${stepsPerRound} steps, equal losses)`,
);
