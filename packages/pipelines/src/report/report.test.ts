import { expect, test } from "vitest";
import { html, raw } from "./html.ts";
import { renderReport } from "./report.ts";

test("html escapes what is not marked as HTML", () => {
  expect(html`<p>${'a < b & "c"'}${raw("<b>x</b>")}${[1, 2]}</p>`.text).toBe(
    "<p>a &lt; b &amp; &quot;c&quot;<b>x</b>12</p>",
  );
});

test("the report is one page with figures, curves, heat-maps and samples, and asks nobody for anything", () => {
  const page = renderReport({
    title: "A <title>",
    summary: "summary",
    metrics: {
      ...{ job: "numbers", seed: 1, steps: 2, trainSeconds: 1, tokensPerSecond: 10 },
      ...{
        trainLoss: [2, 1],
        devLoss: [1.5],
        devSteps: [2],
        exactMatch: 0.995,
        bleu: 99,
        chrf: 98,
      },
      ...{ perplexity: 1.01, parameters: 1234, workers: 2, kernelPath: "wasm-simd" as const },
    },
    samples: [{ source: "<script>", reference: "b", translation: "c" }],
    attention: [{ sourcePieces: ["ab", "</s>"], targetPieces: ["x"], weights: [[0.75, 0.25]] }],
  });
  expect(page).toContain("A &lt;title&gt;");
  expect(page).toContain("99.5 %");
  expect(page).toContain("<td>&lt;script&gt;</td>");
  expect(page.match(/<svg/g)?.length).toBeGreaterThanOrEqual(2);
  expect(page).toContain("ab → x"); // without the end symbol
  expect(page).not.toMatch(/<script|(src|href)="http/);
});
