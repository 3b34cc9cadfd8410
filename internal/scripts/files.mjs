import { existsSync, readdirSync } from "node:fs";

const skipped = new Set(["node_modules", "dist", "generated", ".turbo", "assembly"]);

/** Source files under some folders, relative to the repository. */
export function globSync(folders) {
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        if (skipped.has(entry.name)) return [];
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory()) return globSync([path]);
        return /\.(ts|mts|mjs|js)$/.test(entry.name) && !/config\.ts$/.test(entry.name)
          ? [path]
          : [];
      }),
    );
}
