/**
 * Public data sets by name: where each file lies (at a fixed commit, so that it never changes), its SHA-256, its licence.
 * None of their text is part of this package.
 */
import { join } from "node:path";
import { OptionError } from "@seq/core";
import { type DownloadOptions, download } from "./download.ts";

export interface DataSetFile {
  readonly name: string;
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface DataSet {
  readonly name: string;
  readonly description: string;
  /** To be shown before the data is used. */
  readonly licence: string;
  /** How the files are read: `readParallel`, `readLines`, `readConllu`. */
  readonly reader: "readLines" | "readParallel" | "readConllu";
  readonly files: readonly DataSetFile[];
}

const raw = "https://raw.githubusercontent.com";

function files(
  base: string,
  rows: readonly (readonly [name: string, bytes: number, sha256: string])[],
): DataSetFile[] {
  return rows.map(([name, bytes, sha256]) => ({
    ...{ name, bytes, sha256 },
    url: `${raw}/${base}/${name}`,
  }));
}

/** All data sets that `getDataSet` knows. */
export function listDataSets(): readonly DataSet[] {
  return [
    {
      name: "tiny-shakespeare",
      description: "Plays of Shakespeare, 1.1 MB: for character and subword language models.",
      licence: "Public domain (the text).",
      reader: "readLines",
      files: files(
        "karpathy/char-rnn/6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare",
        [
          [
            "input.txt",
            1115394,
            "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
          ],
        ],
      ),
    },
    {
      name: "multi30k",
      description: "29,000 image captions in English, German and French: for translation.",
      licence:
        "The repository states none; the paper (Elliott et al. 2016) says CC BY-NC-SA 4.0: non-commercial use.",
      reader: "readParallel",
      files: files("multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw", [
        ["train.en.gz", 568929, "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f"],
        ["train.de.gz", 637044, "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6"],
        ["train.fr.gz", 604242, "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c"],
        ["val.en.gz", 21650, "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28"],
        ["val.de.gz", 24681, "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a"],
        ["val.fr.gz", 23001, "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9"],
        ["test_2016_flickr.en.gz", 21077, "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9"], // biome-ignore format: a table
        ["test_2016_flickr.de.gz", 22890, "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8"], // biome-ignore format: a table
        ["test_2016_flickr.fr.gz", 22310, "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90"], // biome-ignore format: a table
      ]),
    },
    {
      name: "ud-ewt",
      description: "English Web Treebank of Universal Dependencies, 12,544 sentences: for tagging.",
      licence: "CC BY-SA 4.0.",
      reader: "readConllu",
      files: files(
        "UniversalDependencies/UD_English-EWT/15d613d8447b3478787d4c278730a1e48a945efb",
        [
          ["en_ewt-ud-train.conllu", 14203025, "3fb78e2b55482c8ee00caa653af436c88c9e5bc9a73ce26e4ae3ddc79d2b7e7b"], // biome-ignore format: a table
          ["en_ewt-ud-dev.conllu", 1805545, "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6"], // biome-ignore format: a table
          ["en_ewt-ud-test.conllu", 1804515, "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd"], // biome-ignore format: a table
        ],
      ),
    },
  ];
}

/**
 * Downloads what is not there yet into `<folder>/<name>/`.
 *
 * @returns the paths of the files by name, and the data set with its licence.
 * @throws {OptionError} `NO_SUCH_DATA_SET` naming those there are; {SeqError} as `download`.
 */
export async function getDataSet(
  name: string,
  folder: string,
  options: Omit<DownloadOptions, "sha256" | "onProgress"> & {
    readonly onProgress?: (file: DataSetFile, bytes: number) => void;
  } = {},
): Promise<{ readonly dataSet: DataSet; readonly paths: ReadonlyMap<string, string> }> {
  const { onProgress, ...rest } = options;
  const dataSet = listDataSets().find((candidate) => candidate.name === name);
  if (dataSet === undefined) {
    const known = listDataSets().map((candidate) => candidate.name);
    throw new OptionError(`getDataSet: no data set "${name}"; there are ${known.join(", ")}.`, {
      code: "NO_SUCH_DATA_SET",
      details: { name, known },
    });
  }
  const paths = new Map<string, string>();
  for (const file of dataSet.files) {
    const path = join(folder, name, file.name);
    await download(file.url, path, {
      ...rest,
      sha256: file.sha256,
      onProgress: (bytes) => onProgress?.(file, bytes),
    });
    paths.set(file.name, path);
  }
  return { dataSet, paths };
}
