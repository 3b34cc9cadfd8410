/**
 * Each cell's equations once more, in plain float64 and for one row: what the tests hold the cells
 * against. Written from the papers' equations, gate by gate, sharing nothing with the cells.
 */
import type { RecurrentCell } from "../src/cells/recurrent-cell.ts";
import { product, sigmoid, values } from "./helpers.ts";

export type PlainState = Record<string, number[]>;
export type PlainParameters = ReadonlyMap<string, readonly number[]>;
export type PlainStep = (p: PlainParameters, x: number[], state: PlainState) => PlainState;

// biome-ignore lint/suspicious/noExplicitAny: any cell of this package.
export function plainParameters(cell: RecurrentCell<any>): Map<string, number[]> {
  return new Map([...cell.parameters].map(([name, tensor]) => [name, values(tensor)]));
}

/** Gate k's W x + b (+ b'), and its U h. */
function gate(p: PlainParameters, k: number, size: number, x: number[], h: number[]) {
  const rows = (name: string, width: number) =>
    p.get(name)?.slice(k * size * width, (k + 1) * size * width);
  const fromX = product(rows("weight_ih", x.length) as number[], x);
  const fromH = product(rows("weight_hh", h.length) as number[], h);
  const [b1, b2] = [rows("bias_ih", 1), rows("bias_hh", 1)];
  return {
    /** W x + b */
    x: fromX.map((value, i) => value + (b1?.[i] ?? 0)),
    /** U h + b' */
    h: fromH.map((value, i) => value + (b2?.[i] ?? 0)),
    /** All of it. */
    sum: fromX.map((value, i) => value + (fromH[i] as number) + (b1?.[i] ?? 0) + (b2?.[i] ?? 0)),
  };
}

const at = (list: readonly number[] | undefined, i: number) => list?.[i] as number;

export function elman(g: (a: number) => number): PlainStep {
  return (p, x, { h = [] }) => ({ h: gate(p, 0, h.length, x, h).sum.map(g) });
}

export const lstm: PlainStep = (p, x, { h = [], c = [] }) => {
  const [i, f, g, o] = [0, 1, 2, 3].map((k) => gate(p, k, c.length, x, h).sum);
  const next = c.map((old, n) => sigmoid(at(f, n)) * old + sigmoid(at(i, n)) * Math.tanh(at(g, n)));
  const shown = next.map((value, n) => sigmoid(at(o, n)) * Math.tanh(value));
  const projection = p.get("weight_hr");
  return { h: projection ? product(projection, shown) : shown, c: next };
};

export const lstm1997: PlainStep = (p, x, { h = [], c = [] }) => {
  const [i, g, o] = [0, 1, 2].map((k) => gate(p, k, c.length, x, h).sum);
  const next = c.map((old, n) => old + sigmoid(at(i, n)) * Math.tanh(at(g, n)));
  return { h: next.map((value, n) => sigmoid(at(o, n)) * Math.tanh(value)), c: next };
};

export function gru(resetGate: "after-product" | "before-product", takesNew: boolean): PlainStep {
  return (p, x, { h = [] }) => {
    const size = h.length;
    const r = gate(p, 0, size, x, h).sum.map(sigmoid);
    const z = gate(p, 1, size, x, h).sum.map(sigmoid);
    const reset = h.map((value, i) => at(r, i) * value);
    const inner = gate(p, 2, size, x, resetGate === "before-product" ? reset : h);
    const n = inner.x.map((value, i) =>
      Math.tanh(value + (resetGate === "before-product" ? 1 : at(r, i)) * at(inner.h, i)),
    );
    return {
      h: h.map((old, i) =>
        takesNew
          ? (1 - at(z, i)) * old + at(z, i) * at(n, i)
          : (1 - at(z, i)) * at(n, i) + at(z, i) * old,
      ),
    };
  };
}

export const gatedElman: PlainStep = (p, x, { h = [] }) => {
  const [f, i, n] = [0, 1, 2].map((k) => gate(p, k, h.length, x, h).sum);
  return {
    h: h.map((old, k) => sigmoid(at(f, k)) * old + sigmoid(at(i, k)) * Math.tanh(at(n, k))),
  };
};

export const minimalGated: PlainStep = (p, x, { h = [] }) => {
  const f = gate(p, 0, h.length, x, h).sum.map(sigmoid);
  const n = gate(
    p,
    1,
    h.length,
    x,
    h.map((old, k) => at(f, k) * old),
  ).sum.map(Math.tanh);
  return { h: h.map((old, k) => (1 - at(f, k)) * old + at(f, k) * at(n, k)) };
};

export const coupled: PlainStep = (p, x, { h = [], c = [] }) => {
  const [i, g, o] = [0, 1, 2].map((k) => gate(p, k, c.length, x, h).sum);
  const next = c.map(
    (old, n) => (1 - sigmoid(at(i, n))) * old + sigmoid(at(i, n)) * Math.tanh(at(g, n)),
  );
  return { h: next.map((value, n) => sigmoid(at(o, n)) * Math.tanh(value)), c: next };
};

export const peephole: PlainStep = (p, x, { h = [], c = [] }) => {
  const [i, f, g, o] = [0, 1, 2, 3].map((k) => gate(p, k, c.length, x, h).sum);
  const see = (name: string, n: number, cell: number) => at(p.get(`peephole_${name}`), n) * cell;
  const next = c.map(
    (old, n) =>
      sigmoid(at(f, n) + see("f", n, old)) * old +
      sigmoid(at(i, n) + see("i", n, old)) * Math.tanh(at(g, n)),
  );
  return {
    h: next.map((value, n) => sigmoid(at(o, n) + see("o", n, value)) * Math.tanh(value)),
    c: next,
  };
};

function normalise(x: number[]): number[] {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value) => (value - mean) / Math.sqrt(variance + 1e-5));
}

export const layerNormLstm: PlainStep = (p, x, { h = [], c = [] }) => {
  const fromX = normalise(product(p.get("weight_ih") as number[], x));
  const fromH = normalise(product(p.get("weight_hh") as number[], h));
  const packed = fromX.map(
    (value, k) =>
      value * at(p.get("norm_ih"), k) +
      at(fromH, k) * at(p.get("norm_hh"), k) +
      at(p.get("bias_ih"), k),
  );
  const part = (k: number) => packed.slice(k * c.length, (k + 1) * c.length);
  const [i, f, g, o] = [part(0), part(1), part(2), part(3)];
  const next = c.map((old, n) => sigmoid(at(f, n)) * old + sigmoid(at(i, n)) * Math.tanh(at(g, n)));
  const normal = normalise(next).map(
    (value, n) => value * at(p.get("norm_c"), n) + at(p.get("norm_c_bias"), n),
  );
  return { h: normal.map((value, n) => sigmoid(at(o, n)) * Math.tanh(value)), c: next };
};
