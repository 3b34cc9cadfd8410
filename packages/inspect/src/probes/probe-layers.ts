/** The same probe on every layer: lower layers hold lower-level features. */
import { linearProbe, type ProbeOptions, type ProbeResult } from "./linear-probe.ts";

export interface LayerProbe extends ProbeResult {
  /** 0 at the input. */
  readonly layer: number;
  readonly label: string;
}

/**
 * @param layers - states of each layer, row-major `[examples, size]`.
 * @param labels - sets of labels by name, each one class per example: `{ tag: ..., sentence: ... }`.
 * @returns a row per layer and set of labels. Every probe gets a split of its own of `options.rng`.
 * @throws as `linearProbe`.
 */
export function probeLayers(
  layers: readonly ArrayLike<number>[],
  labels: Readonly<Record<string, ArrayLike<number>>>,
  options: ProbeOptions,
): LayerProbe[] {
  return layers.flatMap((features, layer) =>
    Object.entries(labels).map(([label, own]) => ({
      layer,
      label,
      ...linearProbe(features, own, { ...options, rng: options.rng.split() }),
    })),
  );
}
