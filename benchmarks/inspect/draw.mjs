/**
 * `node benchmarks/inspect/draw.mjs`: runs the instruments of the page docs/concepts/gradient-flow.md and writes
 * its pictures. About five minutes on two cores, most of it the memory span. Prints the tables of the page.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ElmanCell, GRUCell, LSTMCell } from "@seq/cells";
import { Rng } from "@seq/core";
import {
  cellPath,
  cellPathPlot,
  decayRate,
  elmanOfRadius,
  explodingGradients,
  explodingGradientsPlot,
  gradientFlow,
  gradientFlowPlot,
  memorySpan,
  memorySpanPlot,
} from "@seq/inspect";
import { loadKernels } from "@seq/kernels";
import * as tf from "@tensorflow/tfjs-core";

const images = fileURLToPath(new URL("../../docs/concepts/images/", import.meta.url));
const save = (name, svg) => writeFileSync(`${images}${name}.svg`, svg);

await loadKernels();
const rng = new Rng(0);
const [batch, time, inputSize, hiddenSize] = [8, 60, 8, 32];
const xs = tf.tensor3d(
  Float32Array.from({ length: batch * time * inputSize }, () => rng.normal()),
  [batch, time, inputSize],
);
const request = () => ({ inputSize, hiddenSize, rng: new Rng(1) });
const cells = {
  Elman: new ElmanCell(request()),
  "Elman, radius 1.5": elmanOfRadius(1.5)(request()),
  GRU: new GRUCell(request()),
  LSTM: new LSTMCell(request()),
};
const curves = Object.entries(cells).map(([name, cell]) => ({
  name,
  norms: gradientFlow(cell, xs).layers[0].h,
}));
save("gradient-flow", gradientFlowPlot(curves, { title: "‖∂J/∂h‖ of untrained cells" }));
for (const { name, norms } of curves)
  console.log(`${name}: ${decayRate(norms, 10).rate.toFixed(3)} per step`);

const path = cellPath(cells.LSTM, xs);
save("cell-path", cellPathPlot(path, 0, { title: "One unit of an LSTM: the path along the cell" }));

const runs = explodingGradients();
save("clipping", explodingGradientsPlot(runs, { title: "Radius 1.5, with and without clipping" }));
console.log(
  runs
    .map((run) => `${run.clipNorm ?? "not clipped"}: accuracy ${run.accuracy.toFixed(2)}`)
    .join("; "),
);

const delays = [2, 5, 10, 20, 40, 80, 160];
for (const seed of [0, 1, 2]) {
  const spans = memorySpan({ seed, delays, learningRate: 0.02 });
  if (seed === 0)
    save("memory-span", memorySpanPlot(spans, { title: "Three of eight symbols, after a delay" }));
  for (const { cell, span, accuracies } of spans) {
    console.log(`seed ${seed} ${cell}: ${span} (${accuracies.map((a) => a.toFixed(2)).join(" ")})`);
  }
}
