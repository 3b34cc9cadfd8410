/** Checkpoints in a browser's storage: resumed runs and closed tabs. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleForPage } from "./bundle.ts";
import type { CheckpointResult } from "./checkpoints-page.ts";
import { launchChromium, type PageServer, servePages } from "./chromium.ts";

let browser: Browser;
let server: PageServer;

beforeAll(async () => {
  browser = await launchChromium();
  const page =
    '<!doctype html><title>check</title><script type="module" src="/checkpoints-page.js"></script>';
  server = await servePages({ ...(await bundleForPage("checkpoints-page.ts")), "/": page });
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

describe.each(["indexed-db", "directory"])("checkpoints in %s", (storage) => {
  test("a run goes on in a new page, also after its tab was closed in the middle, with the same losses", async () => {
    const whole = await browser.newContext();
    const expected = await train(whole, 40);
    expect(expected.losses).toHaveLength(40);
    expect(expected.names).toEqual(["step-00000038", "step-00000040"]);
    await whole.close();

    const context = await browser.newContext();
    const first = await train(context, 5);
    expect(first.names).toEqual(["step-00000004", "step-00000005"]);
    // Closed while training: whatever was being written counts for nothing.
    const page = await context.newPage();
    await page.goto(`${address(100_000)}&slow`);
    await page.waitForFunction(() => (window.stepsDone ?? 0) >= 9, undefined, { timeout: 60_000 });
    await page.close();
    const last = await train(context, 40);
    await context.close();
    expect(last.resumedAt).toBeGreaterThanOrEqual(8);
    expect(last.losses).toEqual(expected.losses.slice(last.resumedAt));
  });

  const address = (steps: number): string => `${server.url}?storage=${storage}&steps=${steps}`;

  async function train(
    context: Awaited<ReturnType<Browser["newContext"]>>,
    steps: number,
  ): Promise<CheckpointResult> {
    const page = await context.newPage();
    try {
      await page.goto(address(steps));
      await page.waitForFunction(() => window.checkpoints !== undefined, undefined, {
        timeout: 90_000,
      });
      const result = await page.evaluate(() => window.checkpoints);
      if (result === undefined || "error" in result) throw new Error(result?.error);
      return result;
    } finally {
      await page.close();
    }
  }
});
