/**
 * `node benchmarks/train/replicas.mjs [configurations] [rounds]`: two data-parallel replicas against one, clock time of whole
 * steps (Adam, clipping), alternating. The losses must agree. Processor time is printed too: on a busy machine the clock
 * tells little, but two replicas should use hardly more of it than one.
 */

import { loadavg } from "node:os";
import { loadKernels } from "@seq/kernels";
import { Adam, fit, ReplicaPool, sequenceBatches } from "@seq/train";
import { nodeWorker } from "@seq/train/node";
import { configurations, makeModel, makeRows, median } from "./shared.mjs";

const names = (process.argv[2] ?? "ABC").split("");
const rounds = Number(process.argv[3] ?? 5);
await loadKernels({ threads: 1 });
console.log(`load before: ${loadavg()[0].toFixed(1)}`);

for (const name of names) {
  const [batchSize] = configurations[name];
  const steps = name === "A" ? 30 : 4;
  const rows = makeRows(name, batchSize * 40);
  const start = () => nodeWorker(new URL("./replica.mjs", import.meta.url));
  const sides = [1, 2].map((count) => ({
    count,
    model: makeModel(name),
    data: sequenceBatches(rows, { batchSize, seed: 1 }),
    optimizer: new Adam(),
    times: [],
    cpu: [],
    loss: 0,
  }));
  for (let round = 0; round <= rounds; round++) {
    for (const side of sides) {
      const times = [];
      let last = 0;
      let cpu;
      await fit(side.model, side.data, {
        ...{ optimizer: side.optimizer, clipNorm: 1, maxSteps: steps + 1 },
        replicas: new ReplicaPool(start, { count: side.count, config: name }),
        onProgress: ({ loss }) => {
          const now = performance.now();
          if (last > 0) times.push(now - last);
          cpu ??= process.cpuUsage();
          last = now;
          side.loss = loss;
        },
      });
      const { user, system } = process.cpuUsage(cpu);
      if (round > 0) {
        side.times.push(...times);
        side.cpu.push((user + system) / 1000 / steps);
      }
    }
    if (Math.abs(sides[0].loss - sides[1].loss) > 1e-3) {
      throw new Error(`losses differ: ${sides[0].loss} and ${sides[1].loss}`);
    }
  }
  const [one, two] = sides.map(({ times }) => median(times));
  const [cpuOne, cpuTwo] = sides.map(({ cpu }) => median(cpu));
  console.log(
    `${name}: one replica ${one.toFixed(1)} ms a step, two ${two.toFixed(1)}: ${(one / two).toFixed(2)}x, processor time ${cpuOne.toFixed(1)} and ${cpuTwo.toFixed(1)} ms (loss ${sides[0].loss.toFixed(4)} and ${sides[1].loss.toFixed(4)})`,
  );
  for (const { model, optimizer } of sides) {
    model.dispose();
    optimizer.dispose();
  }
}
