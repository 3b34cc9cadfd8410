export { type CellPath, cellPath } from "./gradients/cell-path.ts";
export {
  type DecayRate,
  decayRate,
  linearGradientNorms,
  linearJacobians,
  scalarGradients,
} from "./gradients/closed-forms.ts";
export { type DeltaRecursion, deltaRecursion } from "./gradients/delta-recursion.ts";
export {
  type GradientFlow,
  type GradientFlowOptions,
  gradientFlow,
} from "./gradients/gradient-flow.ts";
export { type Jacobians, type JacobiansOptions, jacobians } from "./gradients/jacobians.ts";
export { spectralNorm, spectralRadius } from "./gradients/matrices.ts";
export { attentionHeatmap } from "./plots/attention-heatmap.ts";
export type { DrawOptions } from "./plots/document.ts";
export { type Curve, type LossCurveOptions, lossCurves } from "./plots/loss-curves.ts";
export type { PlotOptions } from "./plots/svg.ts";
export type { Recurrent, SteppedLayers } from "./recurrence.ts";
