/** torch.nn.utils.rnn: packing and padding, with the refusals. */
import {
  type PackedSequence,
  packPaddedSequence,
  packSequence,
  padPackedSequence,
  padSequence,
  unpackSequence,
} from "@seq/cells";
import { SeqError } from "@seq/core";
import * as tf from "@tensorflow/tfjs-core";
import { Checks, differenceOfLists } from "../check.ts";
import type { Area } from "../types.ts";
import {
  differenceOfTensor,
  firstDifference,
  isTorchFile,
  type OracleTensor,
  onBothBackends,
  runCase,
  toTensor,
} from "./torch-tensors.ts";

export const torchPacking: Area = {
  name: "torch packing",
  recognises: (file) => isTorchFile(file, ["op", "expect"]) && isPackingOp(file.json.cases[0].op),
  async run({ json }) {
    const checks = new Checks();
    await onBothBackends(async (backend) => {
      for (const [c, example] of json.cases.entries()) {
        const label = `${backend} cases[${c}] ${example.op}`;
        await runCase(
          checks,
          label,
          () => tf.tidy(() => runOp(example)) as unknown as string | undefined,
        );
      }
    });
    return checks.verdict();
  },
};

function isPackingOp(op: string): boolean {
  return ["pack_padded_sequence", "pad_sequence", "pack_sequence"].includes(op);
}

// biome-ignore lint/suspicious/noExplicitAny: an oracle case as it comes.
function runOp(example: any): string | undefined {
  const { expect } = example;
  // What torch leaves undefined (lengths beyond time), we refuse.
  if (expect.error || expect.torch_result_undefined) return mustRefuse(() => call(example));
  const result = call(example);
  if (example.op === "pad_sequence") {
    return differenceOfTensor("output", result as tf.Tensor, expect.output, 0);
  }
  const packed = result as PackedSequence;
  return firstDifference([
    differenceOfTensor("data", packed.data, expect.data, 0),
    differenceOfLists("batchSizes", packed.batchSizes, expect.batch_sizes),
    differenceOfIndices("sortedIndices", packed.sortedIndices, expect.sorted_indices),
    differenceOfIndices("unsortedIndices", packed.unsortedIndices, expect.unsorted_indices),
    ...(expect.unpacked ?? []).map((unpacked: Unpacked) => differenceOfUnpacked(packed, unpacked)),
    expect.unpack_sequence && differenceOfSequences(packed, expect.unpack_sequence),
  ]);
}

// biome-ignore lint/suspicious/noExplicitAny: an oracle case as it comes.
function call(example: any): tf.Tensor | PackedSequence {
  const sequences = () => (example.sequences ?? example.inputs ?? []).map(toTensor);
  switch (example.op) {
    case "pad_sequence":
      return padSequence(sequences(), {
        batchFirst: example.batch_first,
        paddingValue: example.padding_value,
      });
    case "pack_sequence":
      return packSequence(sequences(), { enforceSorted: example.enforce_sorted });
    default:
      return packPaddedSequence(toTensor(example.input), example.lengths, {
        batchFirst: example.batch_first,
        enforceSorted: example.enforce_sorted,
      });
  }
}

interface Unpacked {
  batch_first: boolean;
  padding_value: number;
  total_length: number | null;
  output?: OracleTensor;
  lengths?: number[];
  error?: string;
}

function differenceOfUnpacked(packed: PackedSequence, expected: Unpacked): string | undefined {
  const unpack = () =>
    padPackedSequence(packed, {
      batchFirst: expected.batch_first,
      paddingValue: expected.padding_value,
      ...(expected.total_length === null ? {} : { totalLength: expected.total_length }),
    });
  if (expected.error !== undefined) return mustRefuse(unpack);
  const { padded, lengths } = unpack();
  return (
    differenceOfTensor("padded", padded, expected.output as OracleTensor, 0) ??
    differenceOfLists("lengths", lengths, expected.lengths as number[])
  );
}

function differenceOfSequences(
  packed: PackedSequence,
  expected: OracleTensor[],
): string | undefined {
  const sequences = unpackSequence(packed);
  return firstDifference(
    expected.map((tensor, i) => differenceOfTensor(`unpacked[${i}]`, sequences[i], tensor, 0)),
  );
}

function differenceOfIndices(
  name: string,
  got: Int32Array | null,
  expected: number[] | null,
): string | undefined {
  if (got === null || expected === null) {
    return got === expected ? undefined : `${name} is ${got}, expected ${expected}`;
  }
  return differenceOfLists(name, got, expected);
}

function mustRefuse(body: () => unknown): string | undefined {
  try {
    body();
  } catch (error) {
    return SeqError.is(error) ? undefined : `threw ${String(error)}, expected an error of ours`;
  }
  return "accepted, expected a refusal";
}
