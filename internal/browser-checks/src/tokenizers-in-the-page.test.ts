import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { sharedPath } from "@seq-internal/test-utils";
import { expect, test } from "vitest";
import { bundleForPage } from "./bundle.ts";
import { launchChromium, servePages } from "./chromium.ts";
import { trainingDigests } from "./tokenizer-training.ts";

test("training gives the same files in Chromium as in Node, bit for bit, on one thread and on workers", async () => {
  const worker = fileURLToPath(
    new URL("../../../packages/tokenizers/dist/count-worker.js", import.meta.url),
  );
  const text = readFileSync(sharedPath("data/lm/tinyshakespeare.txt"), "utf8");
  const corpus = text.split("\n").slice(0, 3000).join("\n");
  const inNode = await trainingDigests(corpus.split("\n"), pathToFileURL(worker));
  const server = await servePages({
    ...(await bundleForPage("tokenizers-page.ts")),
    "/": '<!doctype html><title>check</title><script type="module" src="/tokenizers-page.js"></script>',
    "/corpus.txt": corpus,
    "/count-worker.js": readFileSync(worker, "utf8"),
  });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => window.digests !== undefined, undefined, { timeout: 90_000 });
    const inChromium = await page.evaluate(() => window.digests);
    expect(inChromium).toEqual(inNode);
    expect(new Set(inNode).size).toBe(inNode.length - 1); // the parallel run repeats one of them
  } finally {
    await browser.close();
    await server.close();
  }
}, 120_000);
