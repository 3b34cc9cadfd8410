import { execFileSync, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { describe, expect, test } from "vitest";
import { builtEntries, manifest, packageFolder, packageNames, tarball } from "./packages.ts";

const attw = join(
  dirname(fileURLToPath(import.meta.resolve("@arethetypeswrong/cli/package.json"))),
  "dist/index.js",
);

describe.each(packageNames)("@seq/%s", (name) => {
  test("has a package.json that resolvers understand", async () => {
    const { messages, pkg } = await publint({
      pkgDir: packageFolder(name),
      level: "warning",
      pack: false,
    });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  test("has types that fit its files", () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [attw, tarball(name), "--profile", "esm-only"],
      {
        encoding: "utf8",
      },
    );
    expect(status, stdout).toBe(0);
  });

  test("does nothing at import: compiles no WASM, prints nothing, opens no file", () => {
    for (const { file } of builtEntries(name)) {
      if (file.endsWith("main.js")) continue; // the command itself
      const probe = `
        for (const key of ["compile", "instantiate", "Module", "Instance"]) {
          WebAssembly[key] = () => { throw new Error("WebAssembly." + key + " at import"); };
        }
        globalThis.fetch = () => { throw new Error("fetch at import"); };
        await import(${JSON.stringify(`file://${file}`)});`;
      const output = execFileSync(process.execPath, ["--input-type=module", "-e", probe], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
      expect(output).toBe("");
    }
  });
});

test("tokenizers, eval and core need no package but core", () => {
  expect(manifest("core").dependencies ?? {}).toEqual({});
  for (const name of ["tokenizers", "eval"]) {
    expect(Object.keys(manifest(name).dependencies ?? {})).toEqual(["@seq/core"]);
    expect(manifest(name).peerDependencies ?? {}).toEqual({});
  }
});
