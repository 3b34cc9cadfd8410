/**
 * The report of a training run as one self-contained HTML file: figures, loss curves, sample
 * translations and attention heat-maps. No script, no request to anywhere.
 */
import { attentionHeatmap, lossCurves } from "@seq/inspect";
import type { TranslatorMetrics } from "../translator/metrics.ts";
import { specialTokens } from "../translator/pieces.ts";
import { type Html, html, raw } from "./html.ts";
import { reportStyle } from "./style.ts";

export interface TranslationSample {
  readonly source: string;
  readonly reference: string;
  readonly translation: string;
}

/** Attention of one translation; `weights[i][j]` is target piece i looking at source piece j. */
export interface AttentionSample {
  readonly sourcePieces: readonly string[];
  readonly targetPieces: readonly string[];
  readonly weights: readonly (readonly number[])[];
}

export interface TranslatorReport {
  readonly title: string;
  /** What was trained on what, one sentence. */
  readonly summary: string;
  readonly metrics: TranslatorMetrics;
  readonly samples: readonly TranslationSample[];
  readonly attention: readonly AttentionSample[];
}

export function renderReport(report: TranslatorReport): string {
  const { metrics } = report;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.title}</title>
<style>${raw(reportStyle)}</style>
</head>
<body>
<h1>${report.title}</h1>
<p class="soft">${report.summary}</p>
${figures(metrics)}
<h2>Loss</h2>
<figure>${raw(
    lossCurves([
      { name: "training", x: metrics.trainLoss.map((_, i) => i + 1), y: metrics.trainLoss },
      ...(metrics.devLoss.length > 0
        ? [{ name: "held-out", x: metrics.devSteps, y: metrics.devLoss }]
        : []),
    ]),
  )}
<figcaption>Cross-entropy per target piece, in nats, against the training step.</figcaption></figure>
<h2>Where the decoder looks</h2>
<p class="soft">One row per piece that the decoder writes, one column per piece of the source; darker is more attention.</p>
<div class="maps">${report.attention.map(heatmap)}</div>
<h2>Translations of unseen text</h2>
<div class="scroll"><table>
<thead><tr><th>source</th><th>translation</th><th>reference</th></tr></thead>
<tbody>${report.samples.map(sampleRow)}</tbody>
</table></div>
</body>
</html>
`;
  return page.text;
}

function figures(metrics: TranslatorMetrics): Html {
  const rows: [string, string][] = [
    ["exact match", `${(metrics.exactMatch * 100).toFixed(1)} %`],
    ["BLEU", metrics.bleu.toFixed(1)],
    ["chrF", metrics.chrf.toFixed(1)],
    ["perplexity", metrics.perplexity.toFixed(3)],
    ["parameters", metrics.parameters.toLocaleString("en")],
    ["training", `${metrics.trainSeconds.toFixed(0)} s, ${metrics.steps} steps`],
    ["speed", `${Math.round(metrics.tokensPerSecond).toLocaleString("en")} tokens/s`],
    [
      "kernels",
      `${metrics.kernelPath}, ${metrics.workers} thread${metrics.workers === 1 ? "" : "s"}`,
    ],
  ];
  return html`<dl class="figures">${rows.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

function heatmap(sample: AttentionSample): Html {
  const svg = attentionHeatmap(sample.sourcePieces, sample.targetPieces, sample.weights);
  return html`<figure>${raw(svg)}<figcaption>${joinPieces(sample.sourcePieces)} → ${joinPieces(sample.targetPieces)}</figcaption></figure>`;
}

function sampleRow({ source, translation, reference }: TranslationSample): Html {
  const verdict = translation === reference ? "good" : "bad";
  return html`<tr><td>${source}</td><td class="${verdict}">${translation}</td><td>${reference}</td></tr>`;
}

/** The text of some pieces, without the end symbol. */
function joinPieces(pieces: readonly string[]): string {
  return pieces
    .filter((piece) => piece !== specialTokens.end)
    .join("")
    .trim();
}
