/**
 * The most that 128-bit SIMD can do on this core: independent chains of multiplications and additions (or of
 * fused ones) in registers, no memory. Made of WebAssembly by hand, for 20 lines need no compiler.
 */
import { timed } from "./shared.mjs";

const code = { getLocal: 0x20, setLocal: 0x21, end: 0x0b };
const vector = (...bytes) => [0xfd, ...bytes];
const splat = vector(0x13);
const add = vector(0xe4, 0x01);
const multiply = vector(0xe6, 0x01);
const fused = vector(0x85, 0x02);

/** `run(n)`: n times 6 multiplications and 6 additions, or 8 fused ones. */
function peakModule(isFused) {
  const chains = isFused ? 8 : 12;
  const [x, y] = [1 + chains, 2 + chains]; // locals behind the counter and the chains
  const step = Array.from({ length: chains }, (_, i) => {
    const chain = 1 + i;
    if (isFused)
      return [
        code.getLocal,
        chain,
        code.getLocal,
        x,
        code.getLocal,
        y,
        ...fused,
        code.setLocal,
        chain,
      ];
    const [operand, operation] = i % 2 === 0 ? [x, multiply] : [y, add];
    return [code.getLocal, chain, code.getLocal, operand, ...operation, code.setLocal, chain];
  }).flat();
  const one = [0x43, 0, 0, 0x80, 0x3f, ...splat]; // f32.const 1
  const total = Array.from({ length: chains - 1 }, (_, i) => [code.getLocal, 2 + i, ...add]).flat();
  const body = [
    ...[1, 2 + chains, 0x7b], // locals: v128
    ...[...one, code.setLocal, x, ...one, code.setLocal, y],
    ...[0x03, 0x40, ...step], // loop
    ...[code.getLocal, 0, 0x41, 1, 0x6b, 0x22, 0], // n = n - 1, kept
    ...[0x0d, 0, code.end], // again while not 0
    ...[code.getLocal, 1, ...total, ...vector(0x1f, 0), code.end], // lane 0 of the sum
  ];
  const section = (id, content) => [id, ...leb(content.length), ...content];
  return new Uint8Array([
    ...[0, 97, 115, 109, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7d]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, 0x72, 0x75, 0x6e, 0, 0]), // export "run"
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

function leb(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

/**
 * @param {"wasm-simd" | "wasm-relaxed-simd"} path - which arithmetic.
 * @returns a function that measures once more and gives GFLOP/s of processor time.
 */
export async function peakMeter(path) {
  const isFused = path === "wasm-relaxed-simd";
  const { instance } = await WebAssembly.instantiate(peakModule(isFused));
  const { run } = instance.exports;
  const steps = 2_000_000;
  run(steps);
  const flops = steps * (isFused ? 8 * 2 : 12) * 4;
  return () => flops / timed(() => run(steps)) / 1e6;
}
