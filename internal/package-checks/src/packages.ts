/** The published packages, packed as users get them. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

export const packageNames = readdirSync(join(repository, "packages")).filter((name) =>
  existsSync(join(repository, "packages", name, "package.json")),
);

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export function packageFolder(name: string): string {
  return join(repository, "packages", name);
}

export function manifest(name: string): Manifest {
  return JSON.parse(readFileSync(join(packageFolder(name), "package.json"), "utf8"));
}

/** The built files behind every export but `./package.json`. A missing build is a failure. */
export function builtEntries(name: string): { readonly subpath: string; readonly file: string }[] {
  return Object.entries(manifest(name).exports).flatMap(([subpath, target]) => {
    if (typeof target === "string") return [];
    const file = join(packageFolder(name), target["default"] as string);
    if (!existsSync(file)) throw new Error(`${file} is missing: run \`pnpm build\` first.`);
    return [{ subpath, file }];
  });
}

let packed: Map<string, string> | undefined;

/** Packs all packages once into a temporary folder; the map gives each tarball's path. */
export function tarballs(): ReadonlyMap<string, string> {
  if (packed !== undefined) return packed;
  const folder = temporaryFolder("tarballs");
  packed = new Map();
  for (const name of packageNames) {
    builtEntries(name);
    const printed = execFileSync("pnpm", ["pack", "--json", "--pack-destination", folder], {
      cwd: packageFolder(name),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    const { filename } = JSON.parse(printed) as { filename: string };
    packed.set(name, resolve(folder, filename));
  }
  return packed;
}

export function temporaryFolder(prefix: string): string {
  const root = join(tmpdir(), "seq-checks");
  mkdirSync(root, { recursive: true });
  return mkdtempSync(join(root, `${prefix}-`));
}
