#!/usr/bin/env node
/** The `seq` command: parses the arguments, runs one command, turns errors into one line. */
import { buildProgram } from "./program.ts";
import { report } from "./report-error.ts";

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error, process.stderr);
}
