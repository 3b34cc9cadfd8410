/** The texts of the encoding benchmarks, cut from ../shared/data; never copied into the project. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
export const shared = process.env.SEQ_SHARED ?? join(here, "../../../../shared");
const data = join(shared, "data");
const head = (path, bytes) => {
  const file = readFileSync(join(data, path));
  return (path.endsWith(".gz") ? gunzipSync(file) : file).subarray(0, bytes).toString("utf8");
};

export const texts = {
  /** About 4 MB of English. */
  english: () =>
    ["us-state_union.txt", "us-inaugural.txt", "tinyshakespeare.txt"]
      .map((f) => head(`lm/${f}`))
      .join(""),
  /** About 3 MB: Japanese, Python, emoji, and newspaper sentences in 20 languages. */
  mixed: () => {
    const pud = readdirSync(join(data, "multilingual/pud")).sort();
    return [
      head("multilingual/wagahaiwa_nekodearu.txt", 500_000),
      head("multilingual/python-code.txt.gz", 1_200_000),
      head("multilingual/emoji-social-lines.txt", 300_000),
      ...pud.map((f) => head(`multilingual/pud/${f}`, 80_000)),
    ]
      .join("\n")
      .replaceAll("\ufffd", "");
  },
};
