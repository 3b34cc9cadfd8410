/** Splits lines into numbers in a worker thread; slow for some, failing for others. */
import { nodeWorkerPort } from "../src/node/node-worker.ts";
import { serveMap } from "../src/workers/worker-map.ts";

serveMap(nodeWorkerPort(), (config) => async (lines: readonly string[]) => {
  if (lines[0] === "fail") throw new Error("cannot encode this");
  if (lines[0] === "die") process.exit(3);
  if (Number(lines[0]) % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 8));
  return lines.map((line) => Int32Array.of(Number(line) + (config as number)));
});
