import { readFileSync } from "node:fs";
import { entryToFloat32, Rng, writeSafetensors } from "@seq/core";
import { loadKernels } from "@seq/kernels";
import { sharedPath } from "@seq-internal/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { pickle, writeNpy, writeZip } from "../../test/archives.ts";
import { expectClose, randomTensor, refusal, values } from "../../test/helpers.ts";
import { GRU } from "../layers/gru.ts";
import { LSTM } from "../layers/lstm.ts";
import { readNpz } from "./npz.ts";
import { readStateDict } from "./read-state-dict.ts";
import { contiguousBytes } from "./strided.ts";
import { isFileTensor, readTorchFile } from "./torch-file.ts";
import { openZip } from "./zip.ts";

const file = (name: string) => readFileSync(sharedPath(`goldens/torch/files/${name}`));
const text = (value: string) => new TextEncoder().encode(value);
const list = (entry: unknown) => (isFileTensor(entry) ? [...entryToFloat32(entry)] : entry);

describe("readTorchFile", () => {
  test("gives a checkpoint as plain data: numbers, strings, tuples, nested dicts, tensors", () => {
    const checkpoint = readTorchFile(file("bilstm2_checkpoint.checkpoint.pt")) as Map<
      string,
      unknown
    >;
    expect([...checkpoint.keys()]).toEqual(["epoch", "state_dict", "optimizer", "args"]);
    expect(checkpoint.get("epoch")).toBe(3);
    const args = checkpoint.get("args") as Map<string, unknown>;
    expect(Object.fromEntries(args)).toEqual({
      lr: 1e-3,
      name: "demo",
      layers: [1, 2],
      none: null,
      flag: true,
    });
    const optimizer = checkpoint.get("optimizer") as Map<string, Map<number, Map<string, unknown>>>;
    expect(isFileTensor(optimizer.get("state")?.get(0)?.get("exp_avg"))).toBe(true);
  });

  test("files of torch 1.13 and 2.13 hold the same tensors", () => {
    const old = readStateDict(file("bilstm2.pt"));
    const fresh = readStateDict(file("bilstm2.torch213.pt"));
    expect([...fresh.keys()]).toEqual([...old.keys()]);
    for (const [name, entry] of old) expect(list(fresh.get(name))).toEqual(list(entry));
  });

  test("tied weights are views of one storage", () => {
    const stateDict = readStateDict(file("gru1_tied.pt"));
    const [a, b] = ["embedding.weight", "linear.weight"].map((name) => stateDict.get(name)?.bytes);
    expect(a?.buffer).toBe(b?.buffer);
    expect(a?.byteOffset).toBe(b?.byteOffset);
  });

  test("reads a transposed tensor by its strides", () => {
    // torch.tensor([[1, 2, 3], [4, 5, 6]]).t(): shape (3, 2), strides (1, 3)
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
    const data = pickle(
      0x63,
      { line: "torch._utils" },
      { line: "_rebuild_tensor_v2" },
      0x28,
      0x28,
      "storage",
      0x63,
      { line: "torch" },
      { line: "FloatStorage" },
      "0",
      "cpu",
      0x4b,
      6,
      0x74,
      0x51,
      0x4b,
      0,
      0x4b,
      3,
      0x4b,
      2,
      0x86,
      0x4b,
      1,
      0x4b,
      3,
      0x86,
      0x89,
      0x7d,
      0x74,
      0x52,
      0x2e,
    );
    const archive = writeZip([
      { name: "a/data.pkl", data },
      { name: "a/data/0", data: bytes },
    ]);
    const tensor = readTorchFile(archive);
    expect((tensor as { shape: number[] }).shape).toEqual([3, 2]);
    expect(list(tensor)).toEqual([1, 4, 2, 5, 3, 6]);
  });

  const torchZip = (data: Uint8Array, more: { name: string; data: Uint8Array }[] = []) =>
    writeZip([{ name: "a/data.pkl", data }, ...more]);

  test.each([
    [
      "a call of os.system, which is not run",
      () =>
        readTorchFile(
          torchZip(pickle(0x63, { line: "os" }, { line: "system" }, "echo", 0x85, 0x52, 0x2e)),
          "evil.pt",
        ),
      "PICKLE evil.pt: the pickle is not read: it names os.system, which is not plain data; nothing from a file is executed, so save the tensors alone (a state_dict) (byte 21).",
    ],
    [
      "builtins.eval by STACK_GLOBAL",
      () =>
        readTorchFile(torchZip(pickle("builtins", "eval", 0x93, "1", 0x85, 0x52, 0x2e)), "evil.pt"),
      "PICKLE evil.pt: the pickle is not read: it names builtins.eval, which is not plain data; nothing from a file is executed, so save the tensors alone (a state_dict) (byte 24).",
    ],
    [
      "attributes on an object",
      () => readTorchFile(torchZip(pickle(0x5d, 0x7d, 0x62, 0x2e)), "x.pt"),
      "PICKLE x.pt: the pickle is not read: attributes are set on a value that is no dict (byte 5).",
    ],
    [
      "a pickle that ends early",
      () => readTorchFile(torchZip(pickle(0x4e)), "x.pt"),
      "PICKLE x.pt: the pickle is not read: the pickle is cut off (byte 3).",
    ],
    [
      "an opcode of protocol 0",
      () => readTorchFile(torchZip(pickle(0x49, 0x2e)), "x.pt"),
      "PICKLE x.pt: the pickle is not read: opcode 0x49 is not read (byte 3).",
    ],
    [
      "an empty stack",
      () => readTorchFile(torchZip(pickle(0x85, 0x2e)), "x.pt"),
      "PICKLE x.pt: the pickle is not read: the stack is empty (byte 3).",
    ],
    [
      "a file of before 1.6",
      () => readTorchFile(text("\x80\x02legacy"), "old.pt"),
      "TORCH_FILE old.pt: this is no ZIP archive; files of PyTorch before 1.6 are not read, save again with a newer one or as safetensors.",
    ],
    [
      "big-endian files",
      () =>
        readTorchFile(
          torchZip(pickle(0x4e, 0x2e), [{ name: "a/byteorder", data: text("big") }]),
          "x.pt",
        ),
      "TORCH_FILE x.pt: byte order big, expected little.",
    ],
    [
      "an archive without data.pkl",
      () => readTorchFile(writeZip([{ name: "a/x", data: text("1") }]), "x.pt"),
      "TORCH_FILE x.pt: there is no data.pkl in the archive.",
    ],
  ])("refuses %s", (_, body, message) => {
    expect(refusal(body)).toBe(message);
  });

  test("a dict key __proto__ is a key", () => {
    const value = readTorchFile(torchZip(pickle(0x7d, "__proto__", 0x4b, 7, 0x73, 0x2e))) as Map<
      string,
      unknown
    >;
    expect(value.get("__proto__")).toBe(7);
    expect(Object.hasOwn(Object.prototype, "__proto__")).toBe(true);
  });

  test("any cut or flipped byte of a file is refused or read as data, and nothing else is thrown", () => {
    const bytes = new Uint8Array(file("gru1_tied.pt"));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
        const broken = cut ? bytes.slice(0, at) : bytes.slice();
        if (!cut) broken[at] = value;
        try {
          readStateDict(broken);
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^[A-Z_]+$/);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("openZip", () => {
  const data = text("recurrent ".repeat(50));

  test("reads stored and deflated entries", () => {
    const zip = openZip(
      writeZip([
        { name: "s", data },
        { name: "d", data, deflate: true },
      ]),
      "x.zip",
    );
    expect(zip.read("s")).toEqual(data);
    expect(zip.read("d")).toEqual(data);
    expect(zip.entries.get("d")?.compressedSize).toBeLessThan(data.length);
  });

  test.each([
    [
      "a wrong checksum",
      [{ name: "s", data, claim: { crc: 1 } }],
      'ZIP x.zip: "s" fails its checksum.',
    ],
    [
      "a bomb that claims more than deflate can give",
      [{ name: "d", data, deflate: true, claim: { size: 2 ** 31 } }],
      /^ZIP x.zip: "d" claims 2147483648 bytes from \d+\.$/,
    ],
    [
      "an entry that unpacks to more than it says",
      [{ name: "d", data, deflate: true, claim: { size: 100 } }],
      'ZIP x.zip: "d" unpacks to more than 100 bytes.',
    ],
    [
      "an entry that unpacks to less",
      [{ name: "d", data, deflate: true, claim: { size: 501 } }],
      'ZIP x.zip: "d" unpacks to 500 bytes, expected 501.',
    ],
    [
      "an encrypted entry",
      [{ name: "s", data, claim: { flags: 1 } }],
      'ZIP x.zip: "s" is encrypted.',
    ],
    [
      "two entries of one name",
      [
        { name: "s", data },
        { name: "s", data },
      ],
      'ZIP x.zip: two entries are named "s".',
    ],
    ["a name that is not there", [{ name: "t", data }], 'ZIP x.zip: there is no entry "s".'],
  ] as const)("refuses %s", (_, entries, message) => {
    const name = entries[0].name === "d" ? "d" : "s";
    const came = refusal(() => openZip(writeZip(entries), "x.zip").read(name));
    if (typeof message === "string") expect(came).toBe(message);
    else expect(came).toMatch(message);
  });

  test("refuses what is no archive, and more bytes than its limit", () => {
    expect(refusal(() => openZip(text("no archive at all, sorry"), "x.zip"))).toBe(
      "ZIP x.zip: no end of a ZIP directory; the file is cut off or no ZIP archive.",
    );
    const limits = { maxBytes: 100, maxEntries: 10 };
    expect(refusal(() => openZip(writeZip([{ name: "s", data }]), "x.zip", limits))).toBe(
      "ZIP x.zip: the entries unpack to 500 bytes, the limit is 100.",
    );
  });
});

describe("readNpz", () => {
  const matrix = Float32Array.of(1, 2, 3, 4, 5, 6);

  test("reads C and Fortran order, float64 and half alike, stored or deflated", () => {
    const archive = writeZip([
      { name: "c.npy", data: writeNpy("<f4", "(2, 3)", matrix) },
      {
        name: "f.npy",
        data: writeNpy("<f4", "(2, 3)", Float32Array.of(1, 4, 2, 5, 3, 6), true),
        deflate: true,
      },
      { name: "d.npy", data: writeNpy("<f8", "(2,)", Float64Array.of(0.5, -1)) },
      { name: "s.npy", data: writeNpy("<f4", "()", Float32Array.of(7)) },
    ]);
    const arrays = readNpz(archive);
    expect(list(arrays.get("c"))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(list(arrays.get("f"))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(list(arrays.get("d"))).toEqual([0.5, -1]);
    expect(arrays.get("s")?.shape).toEqual([]);
  });

  test.each([
    [
      "arrays of Python objects",
      writeNpy("|O", "(2,)", matrix),
      "NPY x.npz: a.npy: arrays of type |O are not read.",
    ],
    [
      "too little data",
      writeNpy("<f4", "(2, 4)", matrix),
      "NPY x.npz: a.npy: 24 bytes of data, expected 32.",
    ],
    ["another file", text("no array at all"), "NPY x.npz: a.npy: this is no .npy array."],
  ])("refuses %s", (_, data, message) => {
    expect(refusal(() => readNpz(writeZip([{ name: "a.npy", data }]), "x.npz"))).toBe(message);
  });
});

describe("contiguousBytes", () => {
  test("equals index arithmetic for any shape and strides", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 })), {
          maxLength: 3,
        }),
        fc.integer({ min: 0, max: 3 }),
        (axes, offset) => {
          const storage = Uint8Array.from({ length: 60 }, (_, i) => i);
          const shape = axes.map(([size]) => size);
          const strides = axes.map(([, stride]) => stride);
          const expected: number[] = [];
          const visit = (axis: number, at: number): void => {
            if (axis === shape.length) expected.push(at);
            else
              for (let i = 0; i < (shape[axis] as number); i++)
                visit(axis + 1, at + i * (strides[axis] as number));
          };
          visit(0, offset);
          expect([...contiguousBytes("x", storage, 1, shape, strides, offset)]).toEqual(expected);
        },
      ),
    );
  });

  test("refuses a tensor that reaches beyond its storage, or repeats it", () => {
    expect(refusal(() => contiguousBytes("x.pt", new Uint8Array(16), 4, [2, 2], [3, 1], 1))).toBe(
      "STRIDES x.pt: shape [2, 2] with strides [3, 1] from item 1 does not fit in 4 items.",
    );
    expect(refusal(() => contiguousBytes("x.pt", new Uint8Array(4), 4, [2 ** 40], [0], 0))).toMatch(
      /^STRIDES /,
    );
  });
});

describe("state dicts of layers", () => {
  beforeAll(() => loadKernels());
  const gru = (seed: number) => new GRU({ inputSize: 6, hiddenSize: 6, rng: new Rng(seed) });

  test("go through safetensors and back, with a prefix", () => {
    using source = new LSTM({
      inputSize: 3,
      hiddenSize: 4,
      numLayers: 2,
      bidirectional: true,
      projSize: 2,
      learnedInitialState: true,
      connections: "highway",
      rng: new Rng(1),
    });
    const bytes = writeSafetensors(source.stateDict("encoder."));
    using target = new LSTM({
      inputSize: 3,
      hiddenSize: 4,
      numLayers: 2,
      bidirectional: true,
      projSize: 2,
      learnedInitialState: true,
      connections: "highway",
      rng: new Rng(2),
    });
    target.loadStateDict(readStateDict(bytes), { prefix: "encoder." });
    const xs = randomTensor(1, [2, 3, 3]);
    expectClose(target.forward(xs).outputs, source.forward(xs).outputs, 0);
  });

  test("a checkpoint's state dict is found, or named by its path", () => {
    const bytes = file("bilstm2_checkpoint.checkpoint.pt");
    const found = readStateDict(bytes);
    expect(found.get("linear.bias")?.shape).toEqual([2]);
    expect([...readStateDict(bytes, { path: ["state_dict"] }).keys()]).toEqual([...found.keys()]);
    expect(refusal(() => readStateDict(bytes, { where: "c.pt", path: ["weights"] }))).toBe(
      'STATE_DICT c.pt: there is no "weights" on the path weights; there are epoch, state_dict, optimizer, args.',
    );
    expect(refusal(() => readStateDict(bytes, { where: "c.pt", path: ["args"] }))).toBe(
      'STATE_DICT c.pt: "lr" is no tensor; name the state dict by path; there are lr, name, layers, none, flag.',
    );
  });

  test("refusals change nothing and name the entry", () => {
    using layers = gru(3);
    const before = values(layers.parameters.get("weight_ih_l0"));
    const stateDict = readStateDict(file("gru1_tied.pt"));
    expect(refusal(() => layers.loadStateDict(stateDict))).toMatch(
      /^STATE_DICT GRU.loadStateDict: the file has no "weight_ih_l0"; there are embedding.weight, rnn.weight_ih_l0, /,
    );
    using wide = new GRU({ inputSize: 7, hiddenSize: 6, rng: new Rng(0) });
    expect(refusal(() => wide.loadStateDict(stateDict, { prefix: "rnn." }))).toBe(
      'STATE_DICT GRU.loadStateDict: "rnn.weight_ih_l0" has shape [18, 6], expected [18, 7].',
    );
    const more = new Map(stateDict).set("rnn.extra", stateDict.get("linear.bias") as never);
    expect(refusal(() => layers.loadStateDict(more, { prefix: "rnn." }))).toMatch(
      /^STATE_DICT GRU.loadStateDict: no parameter takes "rnn.extra" \(strict: false leaves it out\); there are weight_ih_l0, /,
    );
    expect(values(layers.parameters.get("weight_ih_l0"))).toEqual(before);
    layers.loadStateDict(more, { prefix: "rnn.", strict: false });
    expect(values(layers.parameters.get("weight_ih_l0"))).not.toEqual(before);
  });

  test("loading leaves no tensors", () => {
    using layers = gru(3);
    const stateDict = readStateDict(file("gru1_tied.safetensors"));
    const before = tf.memory().numTensors;
    layers.loadStateDict(stateDict, { prefix: "rnn." });
    expect(tf.memory().numTensors).toBe(before);
  });
});
