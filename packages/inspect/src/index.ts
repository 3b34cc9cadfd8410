export { attentionHeatmap } from "./plots/attention-heatmap.ts";
export type { DrawOptions } from "./plots/document.ts";
export { type Curve, type LossCurveOptions, lossCurves } from "./plots/loss-curves.ts";
export type { PlotOptions } from "./plots/svg.ts";
