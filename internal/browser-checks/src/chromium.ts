/** A headless Chromium and a page server on loopback, for tests that need a real browser. */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium } from "playwright-core";

/** @throws when there is no Chromium: a browser test never skips. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) {
    throw new Error(
      `No Chromium at ${executablePath}: install it (Debian: apt-get install chromium) or set CHROMIUM.`,
    );
  }
  return await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-sync",
      "--disable-background-networking",
      "--disable-component-update",
    ],
  });
}

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves some texts from loopback.
 *
 * @param files - path to content: `{ "/": "<!doctype html>...", "/main.js": "..." }`.
 * @param options - `isolated` sends the headers that allow SharedArrayBuffer.
 */
export async function servePages(
  files: Readonly<Record<string, string | Uint8Array>>,
  options: { readonly isolated?: boolean } = {},
): Promise<PageServer> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const body = Object.hasOwn(files, path) ? files[path] : undefined;
    if (body === undefined) {
      // Browsers ask for an icon by themselves; its absence is no fault of a page.
      response.writeHead(path === "/favicon.ico" ? 204 : 404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": path.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8",
      ...(options.isolated
        ? {
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-embedder-policy": "require-corp",
          }
        : {}),
    });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
