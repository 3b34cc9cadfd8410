/**
 * Compiles `assembly/index.ts` with AssemblyScript.
 *
 * The module imports its memory (tfjs's heap) and must own none of it: a data segment would overwrite
 * tensors, so a build that has one fails.
 */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = dirname(fileURLToPath(import.meta.url));

/**
 * @param {"simd" | "relaxed" | "checked"} build - `checked` (SIMD128) traps on every access outside the
 *   ranges that a test declares.
 * @returns {Promise<Uint8Array>}
 */
export async function compileKernels(build) {
  const { error, stderr, binary } = await run(build === "checked" ? checkAccesses : (text) => text, [
    "index.ts",
    ...["--baseDir", here],
    ...["--outFile", "kernels.wasm"],
    ...["--enable", build === "relaxed" ? "simd,relaxed-simd" : "simd"],
    ...["--runtime", "stub"],
    ...["--use", "abort="],
    ...["--initialMemory", "1", "--maximumMemory", "65536"],
    "--importMemory",
    "--noExportMemory",
    "--noAssert",
    build === "checked" ? "-O1" : "-O3",
  ]);
  if (error) throw new Error(`assemblyscript: ${stderr}`, { cause: error });
  refuseData(binary);
  return binary;
}

async function run(transform, options) {
  let binary;
  const result = await asc.main(options, {
    readFile: (name, base) => {
      const path = resolve(base, name);
      return existsSync(path) ? transform(readFileSync(path, "utf8"), basename(name)) : null;
    },
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) binary = contents;
    },
  });
  return { error: result.error, stderr: result.stderr.toString(), binary };
}

/** Puts the checked accesses of `checked.ts` in the place of the built-in ones. */
function checkAccesses(text, name) {
  if (name === "checked.ts" || !name.endsWith(".ts")) return text;
  const checked = text
    .replace(/\bv128\.load\(/g, "vectorLoad(")
    .replace(/\bv128\.store\(/g, "vectorStore(")
    .replace(/\bv128\.load32_splat\(/g, "splatLoad(")
    .replace(/\bv128\.load_ext<i8>\(/g, "extendedLoad(")
    .replace(/(?<![.\w])load</g, "scalarLoad<")
    .replace(/(?<![.\w])store</g, "scalarStore<");
  const names = ["vectorLoad", "vectorStore", "splatLoad", "extendedLoad", "scalarLoad", "scalarStore"];
  const header = `import { ${names.join(", ")} } from "./checked";`;
  return name === "index.ts" ? `${checked}\nexport { allow } from "./checked";` : header + checked;
}

/** Sections are: id byte, LEB128 size, content. Id 11 holds data segments. */
function refuseData(binary) {
  let position = 8;
  while (position < binary.length) {
    const id = binary[position++];
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = binary[position++];
      size |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if (id === 11) throw new Error("the kernels hold static data, which would overwrite tfjs's heap");
    position += size;
  }
}
