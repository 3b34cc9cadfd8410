import { execFileSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tarball, temporaryFolder } from "./packages.ts";

test("@seq/tokenizers installs alone into an empty folder, trains, saves, loads and encodes", () => {
  const folder = temporaryFolder("tokenizers-alone");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
  const files = ["core", "tokenizers"].map(tarball);
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--offline", ...files], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  expect(readdirSync(join(folder, "node_modules/@seq")).sort()).toEqual(["core", "tokenizers"]);

  writeFileSync(
    join(folder, "use.js"),
    `import { trainTokenizer, readTokenizerJson, writeTokenizerJson } from "@seq/tokenizers";
     const lines = ["low lower lowest", "new newer newest", "wide wider widest"];
     const trained = trainTokenizer(lines, { objective: "bpe", vocabSize: 300 });
     const loaded = readTokenizerJson(writeTokenizerJson(trained));
     const text = "newest and lowest 😂";
     const ids = loaded.encodeToIds(text);
     console.log(JSON.stringify({ same: String(ids) === String(trained.encodeToIds(text)), text: loaded.decode(ids) }));`,
  );
  const printed = execFileSync(process.execPath, ["use.js"], { cwd: folder, encoding: "utf8" });
  expect(JSON.parse(printed)).toEqual({ same: true, text: "newest and lowest 😂" });
});
