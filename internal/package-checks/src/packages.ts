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

const packed = new Map<string, string>();
let packFolder: string | undefined;

/** Packs a package once into a temporary folder; gives the tarball's path. */
export function tarball(name: string): string {
  const known = packed.get(name);
  if (known !== undefined) return known;
  builtEntries(name);
  packFolder ??= temporaryFolder("tarballs");
  const printed = execFileSync("pnpm", ["pack", "--json", "--pack-destination", packFolder], {
    cwd: packageFolder(name),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { filename } = JSON.parse(printed) as { filename: string };
  const path = resolve(packFolder, filename);
  packed.set(name, path);
  return path;
}

export function temporaryFolder(prefix: string): string {
  const root = join(tmpdir(), "seq-checks");
  mkdirSync(root, { recursive: true });
  return mkdtempSync(join(root, `${prefix}-`));
}
