/**
 * Reads files of `torch.save` (the ZIP form of PyTorch 1.6 and later) as plain data: dicts, lists, numbers
 * and tensors. No class of a file is looked up and nothing in it is executed.
 */
import { FormatError, type SafetensorsEntry, type SafetensorsType } from "@seq/core";
import { PickleGlobal, type PickleNames, type PickleValue, readPickle } from "./pickle.ts";
import { contiguousBytes } from "./strided.ts";
import { isZip, openZip, type ZipArchive } from "./zip.ts";

/** A tensor of a file: type, shape, contiguous little-endian bytes. */
export type FileTensor = SafetensorsEntry;

interface StorageType {
  readonly dtype: SafetensorsType;
  readonly itemSize: number;
}

function storageType(name: string): StorageType | undefined {
  switch (name) {
    case "FloatStorage":
      return { dtype: "F32", itemSize: 4 };
    case "DoubleStorage":
      return { dtype: "F64", itemSize: 8 };
    case "HalfStorage":
      return { dtype: "F16", itemSize: 2 };
    case "BFloat16Storage":
      return { dtype: "BF16", itemSize: 2 };
    case "LongStorage":
      return { dtype: "I64", itemSize: 8 };
    case "IntStorage":
      return { dtype: "I32", itemSize: 4 };
    case "ShortStorage":
      return { dtype: "I16", itemSize: 2 };
    case "CharStorage":
      return { dtype: "I8", itemSize: 1 };
    case "ByteStorage":
      return { dtype: "U8", itemSize: 1 };
    case "BoolStorage":
      return { dtype: "BOOL", itemSize: 1 };
    default:
      return undefined;
  }
}

/** A piece of the file that tensors are views of. */
class Storage {
  readonly type: StorageType;
  readonly bytes: Uint8Array;

  constructor(type: StorageType, bytes: Uint8Array) {
    this.type = type;
    this.bytes = bytes;
  }
}

/** True for what `readTorchFile` gives for a tensor. */
export function isFileTensor(value: unknown): value is FileTensor {
  return typeof value === "object" && value !== null && "dtype" in value && "bytes" in value;
}

/**
 * The content of a file of `torch.save`: Map for dicts, arrays for lists and tuples, numbers, strings,
 * booleans, null, and `{ dtype, shape, bytes }` for tensors (views into `bytes` where they can be).
 *
 * @param where - the file name, for messages.
 * @throws {FormatError} `TORCH_FILE`, `PICKLE`, `ZIP`, `STRIDES`
 * @example readTorchFile(bytes, "model.pt") // Map { "weight" -> { dtype: "F32", shape: [2, 3], bytes } }
 */
export function readTorchFile(bytes: Uint8Array, where = "torch file"): PickleValue {
  if (!isZip(bytes)) {
    throw fail(
      where,
      "this is no ZIP archive; files of PyTorch before 1.6 are not read, save again with a newer one or as safetensors",
    );
  }
  const archive = openZip(bytes, where);
  const name = [...archive.entries.keys()].find((entry) => entry.endsWith("/data.pkl"));
  if (name === undefined) throw fail(where, "there is no data.pkl in the archive");
  const folder = name.slice(0, -"data.pkl".length);
  checkByteOrder(archive, folder, where);
  return readPickle(archive.read(name), torchNames(archive, folder, where), where);
}

function checkByteOrder(archive: ZipArchive, folder: string, where: string): void {
  if (!archive.entries.has(`${folder}byteorder`)) return;
  const order = new TextDecoder().decode(archive.read(`${folder}byteorder`));
  if (order !== "little") throw fail(where, `byte order ${order}, expected little`);
}

/** The few names that files of tensors need. */
function torchNames(archive: ZipArchive, folder: string, where: string): PickleNames {
  const storages = new Map<string, Storage>();
  return {
    call(module, name) {
      switch (`${module}.${name}`) {
        case "collections.OrderedDict":
          return ([items]) => orderedDict(where, items);
        case "torch._utils._rebuild_tensor_v2":
        case "torch._utils._rebuild_tensor":
          return (args) => rebuildTensor(where, args);
        case "torch._utils._rebuild_parameter":
          return ([tensor]) => tensor;
        case "torch.Size":
          return ([sizes]) => sizes;
        default:
          return undefined;
      }
    },
    persistent(id) {
      const [tag, global, key, , count] = Array.isArray(id) ? id : [];
      const type = global instanceof PickleGlobal ? storageType(global.name) : undefined;
      if (tag !== "storage" || typeof key !== "string" || type === undefined) {
        const kind = global instanceof PickleGlobal ? global.name : String(tag);
        throw fail(where, `a storage of type ${kind} is not read`);
      }
      const known = storages.get(key);
      if (known !== undefined) return known;
      const storage = new Storage(type, archive.read(`${folder}data/${key}`));
      if (storage.bytes.length !== Number(count) * type.itemSize) {
        throw fail(
          where,
          `storage ${key} has ${storage.bytes.length} bytes, expected ${count} items of ${type.itemSize}`,
        );
      }
      storages.set(key, storage);
      return storage;
    },
  };
}

function orderedDict(where: string, items: PickleValue): Map<unknown, unknown> {
  const pairs: unknown[] = Array.isArray(items) ? items : [];
  if (!pairs.every((pair) => Array.isArray(pair) && pair.length === 2)) {
    throw fail(where, "an OrderedDict is described wrongly");
  }
  return new Map(pairs as [unknown, unknown][]);
}

function rebuildTensor(where: string, args: readonly PickleValue[]): FileTensor {
  const [storage, offset, shape, strides] = args;
  const valid =
    storage instanceof Storage &&
    isNatural(offset) &&
    Array.isArray(shape) &&
    Array.isArray(strides) &&
    shape.length === strides.length &&
    [...shape, ...strides].every(isNatural);
  if (!valid) throw fail(where, "a tensor is described wrongly");
  const { type, bytes } = storage as Storage;
  return {
    dtype: type.dtype,
    shape: shape as number[],
    bytes: contiguousBytes(
      where,
      bytes,
      type.itemSize,
      shape as number[],
      strides as number[],
      offset as number,
    ),
  };
}

function isNatural(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function fail(where: string, what: string): FormatError {
  return new FormatError(`${where}: ${what}.`, { code: "TORCH_FILE" });
}
