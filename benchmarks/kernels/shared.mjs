/** What the benchmarks of the kernels share: seeded inputs, clocks, the peer process. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Rng } from "@seq/core";

export function gaussian(length, seed, scale = 1) {
  const rng = new Rng(seed);
  return Float32Array.from({ length }, () => rng.normal() * scale);
}

/** Milliseconds of processor time: other work on the machine does not stretch it. */
export function timed(body) {
  const begin = process.cpuUsage();
  body();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

/** Milliseconds of the clock. */
export function timedByClock(body) {
  const begin = performance.now();
  body();
  return performance.now() - begin;
}

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Ends the run when two results differ by more than `tolerance` times the larger of 1 and the largest value. */
export function compare(name, got, expected, tolerance) {
  let size = 1;
  for (const value of expected) size = Math.max(size, Math.abs(value));
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(got[i] - expected[i]) <= tolerance * size)) {
      throw new Error(`${name}[${i}] is ${got[i]}, expected ${expected[i]}`);
    }
  }
}

/** tfjs in a process of its own: `await peer.ask({ task, ... })`, `peer.stop()`. */
export async function startPeer() {
  const child = fork(fileURLToPath(new URL("./peer-tfjs.mjs", import.meta.url)), {
    serialization: "advanced",
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      const ended = (code) => reject(new Error(`the peer ended with ${code}`));
      child.once("exit", ended);
      child.once("message", (message) => {
        child.off("exit", ended);
        resolve(message);
      });
    });
  await answer();
  return {
    ask(message) {
      const answered = answer();
      child.send(message);
      return answered;
    },
    stop: () => child.kill(),
  };
}
