export {
  type AgreementItem,
  type AgreementOptions,
  agreementItems,
  agreementVocabulary,
} from "./behaviour/agreement.ts";
export {
  type InfluenceOptions,
  influenceAtDistance,
  type StreamingModel,
} from "./behaviour/influence.ts";
export {
  type Cloze,
  clozeErrors,
  type GroupResult,
  type MinimalPair,
  minimalPairErrors,
  type SentenceScorer,
} from "./behaviour/minimal-pairs.ts";
export {
  type GenderText,
  genderTexts,
  genderVocabulary,
  relativeClausePairs,
  ticketsClozes,
  ticketsVocabulary,
} from "./behaviour/templates.ts";
export { type CellFactory, elmanOfRadius, standardCells } from "./experiments/cell-kinds.ts";
export {
  type ExplodingGradientsOptions,
  type ExplodingRun,
  explodingGradients,
} from "./experiments/exploding-gradients.ts";
export {
  delayedCopy,
  type MemorySpan,
  type MemorySpanOptions,
  memorySpan,
} from "./experiments/memory-span.ts";
export {
  type NumberPrediction,
  type NumberPredictionOptions,
  numberPrediction,
  numberTask,
} from "./experiments/number-prediction.ts";
export {
  type AnyCell,
  oneHotInput,
  type ReadoutTraining,
  type SymbolBatch,
  type SymbolTask,
  type Trainable,
  type TrainedReadout,
  trainReadout,
} from "./experiments/train-readout.ts";
export { type RecordedState, recordStates, type StateRecording } from "./gates/record-states.ts";
export { type Saturation, type SaturationOptions, saturation } from "./gates/saturation.ts";
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
export { confusionMatrixPlot } from "./plots/confusion-matrix.ts";
export type { DrawOptions } from "./plots/document.ts";
export { type GateHeatmapOptions, gateHeatmap } from "./plots/gate-heatmap.ts";
export {
  cellPathPlot,
  errorRatePlot,
  explodingGradientsPlot,
  gradientFlowPlot,
  influencePlot,
  memorySpanPlot,
  type NamedNorms,
  probePlot,
} from "./plots/instrument-plots.ts";
export {
  bleuByLength,
  type LengthBleuBucket,
  type LengthBleuOptions,
  lengthBleuPlot,
} from "./plots/length-bleu.ts";
export type { Curve, LinePlotOptions } from "./plots/line-plot.ts";
export {
  confidenceCurve,
  type LossCurveOptions,
  lossCurves,
  type RunGroup,
} from "./plots/loss-curves.ts";
export { gateHistogram, saturationPlot } from "./plots/saturation-plot.ts";
export type { PlotOptions } from "./plots/svg.ts";
export { linearProbe, type ProbeOptions, type ProbeResult } from "./probes/linear-probe.ts";
export { type LayerProbe, probeLayers } from "./probes/probe-layers.ts";
export type { Recurrent, SteppedLayers } from "./recurrence.ts";
