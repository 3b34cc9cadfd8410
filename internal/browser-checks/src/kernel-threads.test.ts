import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForPage } from "./bundle.ts";
import { launchChromium, servePages } from "./chromium.ts";
import type { ThreadsResult } from "./kernel-threads-page.ts";

let browser: Browser;
let files: Record<string, string>;

beforeAll(async () => {
  browser = await launchChromium();
  const html = '<!doctype html><script type="module" src="/kernel-threads-page.js"></script>';
  files = { ...(await bundleForPage("kernel-threads-page.ts")), "/": html };
});

afterAll(() => browser.close());

async function inChromium(isolated: boolean): Promise<ThreadsResult> {
  const server = await servePages(files, { isolated });
  const page = await browser.newPage();
  try {
    await page.goto(server.url);
    await page.waitForFunction(() => window.threadsResult !== undefined, undefined, {
      timeout: 90_000,
    });
    const result = await page.evaluate(() => window.threadsResult as ThreadsResult);
    expect(result.error).toBeUndefined();
    return result;
  } finally {
    await page.close();
    await server.close();
  }
}

test("in an isolated page the heap is shared, and gradients have the same bits on 1, 2 and 3 threads", async () => {
  const { rounds, tensors } = await inChromium(true);
  expect(rounds.map(({ threads }) => threads)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 2, 2, 2]);
  for (const { shared, bits } of rounds) {
    expect(shared).toBe(true);
    expect(bits).toEqual(rounds[0]?.bits);
  }
  expect(tensors).toBe(0);
});

test("in a plain page there is one thread, and kernelInfo says so", async () => {
  const { rounds } = await inChromium(false);
  expect(new Set(rounds.map(({ threads }) => threads))).toEqual(new Set([1]));
  expect(rounds[0]?.shared).toBe(false);
});
