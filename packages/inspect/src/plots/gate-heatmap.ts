/** What gates or states did at each token: a row per unit, a column per token. */
import { checkOneOf, checkOptions, ShapeError } from "@seq/core";
import { drawMatrix } from "./cell-matrix.ts";
import { type PlotOptions, palette, plotOptionNames, shortNumber, visibleToken } from "./svg.ts";

export interface GateHeatmapOptions extends PlotOptions {
  /** `"gate"`: 0 (invisible, closed) to 1 (full, open), default. `"signed"`: blue above 0, orange below, full at ±1. */
  readonly scale?: "gate" | "signed";
  /** Names of the units. Default: their numbers from 0. */
  readonly units?: readonly string[];
}

/**
 * @param tokens - one per step.
 * @param values - row-major `[time, units]`, as `recordGates` gives them for one sequence.
 * @throws {ShapeError} `LENGTH_MISMATCH` when values and tokens do not fit.
 * @example gateHeatmap(tokens, recording.gates.f.dataSync(), { title: "forget gate" })
 */
export function gateHeatmap(
  tokens: readonly string[],
  values: ArrayLike<number>,
  options: GateHeatmapOptions = {},
): string {
  checkOptions("gateHeatmap", options, [...plotOptionNames, "scale", "units"]);
  const scale = checkOneOf("gateHeatmap", "scale", options.scale ?? "gate", ["gate", "signed"]);
  const size = values.length / tokens.length;
  if (tokens.length === 0 || !Number.isInteger(size) || size === 0) {
    throw new ShapeError(
      `gateHeatmap: ${values.length} values for ${tokens.length} tokens, expected [tokens, units].`,
      { code: "LENGTH_MISMATCH" },
    );
  }
  const rows = options.units ?? Array.from({ length: size }, (_, unit) => String(unit));
  if (rows.length !== size) {
    throw new ShapeError(`gateHeatmap: ${rows.length} names for ${size} units.`, {
      code: "LENGTH_MISMATCH",
    });
  }
  const columns = tokens.map(visibleToken);
  const cells = Array.from(values, (value, i) => {
    const [column, row] = [Math.floor(i / size), i % size];
    const strength = scale === "gate" ? value : Math.abs(value);
    return {
      row,
      column,
      fill: scale === "signed" && value < 0 ? palette[1] : palette[0],
      opacity: Math.max(0, Math.min(1, strength)), // states beyond 1 are drawn full; the title has the value
      title: `${columns[column]}, unit ${rows[row]}: ${shortNumber(value)}`,
    };
  });
  const legend =
    scale === "signed"
      ? [
          { name: "above 0", color: palette[0] },
          { name: "below 0", color: palette[1] },
        ]
      : [];
  const side = Math.max(10, Math.min(26, Math.floor(700 / Math.max(size, tokens.length))));
  const description = `Values of ${size} units at ${tokens.length} tokens`;
  return drawMatrix({ rows, columns, cells, legend, side, description }, options);
}
