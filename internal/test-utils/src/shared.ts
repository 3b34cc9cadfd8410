/**
 * Where the oracle files and corpora lie: `SEQ_SHARED`, or `../shared` beside the repository.
 *
 * Tests that need them call `sharedPath`, which throws when the folder is missing: an oracle that is
 * not there is a failure, never a skip.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const repository = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

function sharedRoot(): string {
  return process.env["SEQ_SHARED"] ?? resolve(repository, "../shared");
}

export function sharedAvailable(): boolean {
  return existsSync(join(sharedRoot(), "goldens"));
}

/** @example sharedPath("goldens/torch/cells.json") */
export function sharedPath(relative: string): string {
  const path = join(sharedRoot(), relative);
  if (!existsSync(path)) {
    throw new Error(
      `Oracle files are missing: ${path} does not exist. Set SEQ_SHARED to the folder that holds goldens/ and data/, or place it beside the repository as ../shared.`,
    );
  }
  return path;
}
