/**
 * One contender in a process of its own. Messages in: `{ load: task, scratch }`, `{ ids: text }`,
 * `{ time: "whole" | "lines", text }`; out: milliseconds of processor time (all threads), or ids.
 */
import { contenders } from "./contenders.mjs";
import { texts } from "./texts.mjs";

const contender = contenders[process.argv[2]];
const small = process.argv[3] === "small";
let encode;
const cache = new Map();
const textOf = (name) => {
  if (!cache.has(name)) cache.set(name, small ? texts[name]().slice(0, 400_000) : texts[name]());
  return cache.get(name);
};
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

process.on("message", async (message) => {
  if (message.load !== undefined) {
    const begin = cpu();
    const clock = performance.now();
    encode = await contender.load(message.load, message.scratch);
    await encode("warm");
    process.send({ cpu: cpu() - begin, clock: performance.now() - clock });
  } else if (message.ids !== undefined) {
    process.send({ ids: Uint32Array.from(await encode(textOf(message.ids))) });
  } else {
    const text = textOf(message.text);
    const lines = message.time === "lines" ? text.split("\n") : undefined;
    const begin = cpu();
    if (lines === undefined) await encode(text);
    else for (const line of lines) await encode(line);
    process.send({ ms: cpu() - begin, bytes: Buffer.byteLength(text) });
  }
});
process.send("ready");
