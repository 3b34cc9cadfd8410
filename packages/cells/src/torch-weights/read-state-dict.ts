/** Weights from a file of any of the forms that PyTorch users have. */
import { checkOptions, FormatError, readSafetensors } from "@seq/core";
import { readNpz } from "./npz.ts";
import type { StateDict } from "./state-dict.ts";
import { isFileTensor, readTorchFile } from "./torch-file.ts";
import { isZip, openZip } from "./zip.ts";

export interface ReadStateDictOptions {
  /** The file name, for messages. */
  readonly where?: string;
  /**
   * Keys that lead to the state dict inside a checkpoint: `["model", "encoder"]`. Default: the file
   * itself if it holds only tensors, else the entry `state_dict`, `model_state_dict` or `model`.
   */
  readonly path?: readonly string[];
}

/**
 * Tensors by name from a safetensors file, a `.pt` file of `torch.save`, or a `.npz` archive; which of them
 * it is, is read from the bytes. Nothing in a file is executed.
 *
 * @returns in the order of the file; views into `bytes` where they can be.
 * @throws {FormatError} naming the file and what is wrong with it.
 * @example lstm.loadStateDict(readStateDict(await readFile("model.pt")), { prefix: "rnn." })
 */
export function readStateDict(bytes: Uint8Array, options: ReadStateDictOptions = {}): StateDict {
  checkOptions("readStateDict", options, ["where", "path"]);
  const { where = "readStateDict", path } = options;
  if (!isZip(bytes)) return readSafetensors(bytes, where).tensors;
  const names = [...openZip(bytes, where).entries.keys()];
  if (!names.some((name) => name.endsWith("/data.pkl"))) return readNpz(bytes, where);
  const content = readTorchFile(bytes, where);
  return toStateDict(
    path === undefined ? findStateDict(content) : follow(content, path, where),
    where,
  );
}

function findStateDict(content: unknown): unknown {
  if (!(content instanceof Map) || [...content.values()].every(isFileTensor)) return content;
  for (const key of ["state_dict", "model_state_dict", "model"]) {
    if (content.get(key) instanceof Map) return content.get(key);
  }
  return content;
}

function follow(content: unknown, path: readonly string[], where: string): unknown {
  let value = content;
  for (const key of path) {
    if (!(value instanceof Map) || !value.has(key)) {
      throw fail(where, `there is no "${key}" on the path ${path.join(".")}`, value);
    }
    value = value.get(key);
  }
  return value;
}

function toStateDict(value: unknown, where: string): StateDict {
  if (!(value instanceof Map)) throw fail(where, "the content is no dict of tensors", value);
  const odd = [...value].find(([, entry]) => !isFileTensor(entry));
  if (odd !== undefined)
    throw fail(where, `"${odd[0]}" is no tensor; name the state dict by path`, value);
  return value as StateDict;
}

function fail(where: string, what: string, value: unknown): FormatError {
  const keys = value instanceof Map ? [...value.keys()].slice(0, 10).join(", ") : "";
  return new FormatError(`${where}: ${what}${keys ? `; there are ${keys}` : ""}.`, {
    code: "STATE_DICT",
  });
}
