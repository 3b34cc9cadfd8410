/** Data-parallel training with Web Workers, with shared memory and without. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForPage } from "./bundle.ts";
import { launchChromium, servePages } from "./chromium.ts";
import type { ReplicasResult } from "./replicas-page.ts";

let browser: Browser;
let files: Record<string, string>;

beforeAll(async () => {
  browser = await launchChromium();
  const page =
    '<!doctype html><title>check</title><script type="module" src="/replicas-page.js"></script>';
  const [main, worker] = [
    await bundleForPage("replicas-page.ts"),
    await bundleForPage("replica-worker.ts"),
  ];
  files = { ...main, ...worker, "/": page };
});

afterAll(() => browser.close());

test.each([
  ["a plain page: by messages", false],
  ["an isolated page: by shared memory", true],
])("two replicas in Web Workers give the losses of one model, in %s", async (_name, isolated) => {
  const server = await servePages(files, { isolated });
  const page = await browser.newPage();
  try {
    await page.goto(server.url);
    await page.waitForFunction(() => window.replicas !== undefined, undefined, { timeout: 90_000 });
    const result = (await page.evaluate(() => window.replicas)) as
      | ReplicasResult
      | { readonly error: string };
    if ("error" in result) throw new Error(result.error);
    expect(result.isolated).toBe(isolated);
    expect(result.together).toHaveLength(20);
    result.together.forEach((loss, i) => {
      expect(Math.abs(loss - (result.alone[i] as number))).toBeLessThan(1e-5);
    });
    expect(result.together.at(-1)).toBeLessThan(result.together[0] as number);
  } finally {
    await page.close();
    await server.close();
  }
});
