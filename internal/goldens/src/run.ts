import { areas } from "./areas/index.ts";
import { readOracle } from "./files.ts";
import type { Verdict } from "./types.ts";

/** Runs one file, or returns `undefined` when it is no oracle file (a tokenizer.json, an index). */
export async function runOracleFile(path: string): Promise<Verdict | undefined> {
  const file = readOracle(path);
  if (file === undefined) return undefined;
  const area = areas.find((candidate) => candidate.recognises(file));
  if (area === undefined) {
    const tool = file.json.meta?.tool ?? file.json.how ?? "unknown tool";
    return { kind: "unsupported", reason: `no area reads files of ${tool}` };
  }
  try {
    return await area.run(file);
  } catch (error) {
    const first = error instanceof Error ? error.message : String(error);
    return { kind: "fail", passed: 0, total: 1, first };
  }
}
