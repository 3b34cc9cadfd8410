/**
 * `pnpm goldens [DIR]`: runs every oracle file under DIR through the packages, one line per file and a
 * last line with the totals. Exit status 1 on any FAIL, or when there is nothing to run.
 */
import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { listJsonFiles } from "./files.ts";
import { runOracleFile } from "./run.ts";

const repository = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

function folders(argument: string | undefined): string[] {
  if (argument !== undefined) return [resolve(process.env["INIT_CWD"] ?? ".", argument)];
  const shared = process.env["SEQ_SHARED"] ?? resolve(repository, "../shared");
  return [resolve(shared, "goldens"), resolve(shared, "data/tokenizers/expected")];
}

async function main(): Promise<number> {
  const counts = { pass: 0, fail: 0, unsupported: 0 };
  let cases = 0;
  for (const folder of folders(process.argv[2])) {
    if (!existsSync(folder)) {
      console.error(`goldens: ${folder} does not exist; name a folder of oracle files.`);
      return 1;
    }
    for (const path of listJsonFiles(folder)) {
      const verdict = await runOracleFile(path);
      if (verdict === undefined) continue;
      counts[verdict.kind]++;
      const name = relative(folder, path);
      if (verdict.kind === "pass") {
        cases += verdict.total;
        console.log(`PASS ${verdict.total}/${verdict.total} ${name}`);
      } else if (verdict.kind === "fail") {
        cases += verdict.total;
        console.log(`FAIL ${verdict.passed}/${verdict.total} ${name} ${verdict.first}`);
      } else {
        console.log(`UNSUPPORTED ${name} ${verdict.reason}`);
      }
    }
  }
  console.log(
    `${counts.pass} passed, ${counts.fail} failed, ${counts.unsupported} unsupported (${cases} cases)`,
  );
  return counts.fail > 0 || cases === 0 ? 1 : 0;
}

process.exitCode = await main();
