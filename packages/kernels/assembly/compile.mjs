/**
 * Compiles `assembly/index.ts` with AssemblyScript.
 *
 * The module imports its memory (tfjs's heap) and must own none of it: a data segment would overwrite
 * tensors, so a build that has one fails.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = dirname(fileURLToPath(import.meta.url));

/**
 * @param {"simd" | "relaxed" | "checked"} build - `checked` tests every address against the bounds
 *   that a call declares; for tests only.
 * @returns {Promise<Uint8Array>}
 */
export async function compileKernels(build) {
  const features = build === "relaxed" ? "simd,relaxed-simd" : "simd";
  const { error, stderr, binary } = await run([
    "index.ts",
    ...["--baseDir", here],
    ...["--outFile", "kernels.wasm"],
    ...["--enable", features],
    ...["--runtime", "stub"],
    ...["--use", "abort="],
    ...["--use", `CHECKED=${build === "checked" ? 1 : 0}`],
    ...["--initialMemory", "1", "--maximumMemory", "65536"],
    "--importMemory",
    "--noExportMemory",
    "--noAssert",
    "-O3",
  ]);
  if (error) throw new Error(`assemblyscript: ${stderr}`, { cause: error });
  refuseData(binary);
  return binary;
}

async function run(options) {
  let binary;
  const result = await asc.main(options, {
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) binary = contents;
    },
  });
  return { error: result.error, stderr: result.stderr.toString(), binary };
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
