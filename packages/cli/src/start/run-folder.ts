/** The folder of a run: what was asked for, the checkpoints, and later the model and its figures. */
import { readFile, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { FormatError, OptionError } from "@seq/core";
import { prepareFolder, writeFileWhole } from "@seq/pipelines/node";
import { FolderStorage } from "@seq/train/node";
import type { StartOptions } from "./run.ts";

const optionsFile = "run.json";
const formatVersion = 1;

/** Options that name files: kept absolute, so that a run can be resumed from elsewhere. */
const pathOptions = [
  ...["pairs", "source", "target", "devSource", "devTarget", "testSource", "testTarget"],
] as (keyof StartOptions)[];

/**
 * The options of the run: those given, or those that the interrupted run was started with.
 *
 * @throws {OptionError} `NOTHING_TO_RESUME`
 */
export async function optionsOfRun(given: StartOptions): Promise<StartOptions> {
  const { output, resume = false } = given;
  return resume ? { ...(await readOptions(output)), output, resume } : given;
}

/**
 * Prepares the folder of a new run, or takes up that of an interrupted one. Nothing is written before,
 * so that bad input leaves no trace.
 *
 * @throws {OptionError} `OUTPUT_FOLDER`
 */
export async function openRun(options: StartOptions): Promise<FolderStorage> {
  const { output } = options;
  const storage = new FolderStorage(join(output, "checkpoints"));
  if (options.resume) return storage;
  await prepareFolder(output);
  await setAside(join(output, "checkpoints"));
  const kept = { ...options, ...absolutePaths(options) };
  const json = JSON.stringify(
    { magic: "@seq", kind: "run", formatVersion, options: kept },
    null,
    2,
  );
  await writeFileWhole(join(output, optionsFile), `${json}\n`);
  return storage;
}

async function readOptions(output: string): Promise<StartOptions> {
  const path = join(output, optionsFile);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new OptionError(
      `${path} does not exist; there is no training to resume in ${output}. Leave --resume out, or name its folder with --output.`,
      { code: "NOTHING_TO_RESUME", cause },
    );
  }
  try {
    const run = JSON.parse(text) as { formatVersion?: number; options?: StartOptions };
    if (run.formatVersion === formatVersion && run.options) return run.options;
  } catch {
    // Falls through to the one message below.
  }
  throw new FormatError(
    `${path}: not a run of this version (format ${formatVersion}); start anew without --resume.`,
    { code: "ARTIFACT_VERSION" },
  );
}

function absolutePaths(options: StartOptions): Partial<StartOptions> {
  const given = pathOptions.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, resolve(options[name] as string)]));
}

/** A new run must not mix with the checkpoints of the one before; they are kept beside, once. */
async function setAside(folder: string): Promise<void> {
  const aside = `${folder}-before`;
  try {
    await rm(aside, { recursive: true, force: true });
    await rename(folder, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
