import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleForPage } from "./bundle.ts";
import { launchChromium, servePages } from "./chromium.ts";
import { type StepsResult, trainingSteps } from "./training-steps.ts";

let browser: Browser;
let files: Record<string, string>;
let inNode: StepsResult;

beforeAll(async () => {
  browser = await launchChromium();
  const page = '<!doctype html><title>check</title><script type="module" src="/page.js"></script>';
  files = { ...(await bundleForPage("page.ts")), "/": page };
  inNode = await trainingSteps(50);
});

afterAll(() => browser.close());

async function inChromium(isolated: boolean): Promise<StepsResult> {
  const server = await servePages(files, { isolated });
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  try {
    await page.goto(server.url);
    await page.waitForFunction(() => window.result !== undefined, undefined, { timeout: 90_000 });
    const result = await page.evaluate(() => window.result);
    if (result === undefined || "error" in result) throw new Error(result?.error);
    expect(problems).toEqual([]);
    return result;
  } finally {
    await page.close();
    await server.close();
  }
}

function expectSameLosses(page: StepsResult): void {
  expect(page.losses).toHaveLength(50);
  page.losses.forEach((loss, i) => {
    expect(Math.abs(loss - (inNode.losses[i] as number))).toBeLessThan(1e-5);
  });
  expect(page.losses.at(-1)).toBeLessThan(page.losses[0] as number);
}

test("the backend starts in a plain page and 50 training steps give Node's losses", async () => {
  const page = await inChromium(false);
  expect(page.info.backend).toBe("wasm");
  expect(page.info.path).toBe("wasm-simd");
  expectSameLosses(page);
});

test("the same in a cross-origin-isolated page", async () => {
  expectSameLosses(await inChromium(true));
});
