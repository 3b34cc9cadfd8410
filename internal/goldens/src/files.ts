import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { OracleFile } from "./types.ts";

/** All `.json` and `.json.gz` files under a folder, in a fixed order, but not the generators' own. */
export function listJsonFiles(folder: string): string[] {
  const found: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      if (name !== "generators") found.push(...listJsonFiles(path));
    } else if (/\.json(\.gz)?$/.test(name)) {
      found.push(path);
    }
  }
  return found;
}

export function readJson(path: string): unknown {
  const bytes = readFileSync(path);
  return JSON.parse((path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8"));
}

/** An oracle file has `meta` (the goldens) or `how` and `ids` (the expected encodings). */
export function readOracle(path: string): OracleFile | undefined {
  const json = readJson(path) as Record<string, unknown> | null;
  const isOracle =
    typeof json === "object" &&
    json !== null &&
    !Array.isArray(json) &&
    ("meta" in json || ("how" in json && "ids" in json));
  return isOracle ? { path, json } : undefined;
}
